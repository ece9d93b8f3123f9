"""The Terraform of starters: held against the schema of its provider, and formatted as terraform does it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archwright import render, workflows
from archwright.catalog import load_catalog
from archwright.resolve import platforms_of, resolve

pytest.importorskip("hcl2", reason="python-hcl2 is not installed")
sys.path.insert(0, str(Path(__file__).parent))

from module_check import check  # found by the line above

CATALOG = load_catalog()
CLOUDS = {name for name, entry in CATALOG.platforms.items() if (entry.folder / "layer/files/infra").is_dir()}
CELLS = [
    (blueprint, platform)
    for blueprint in sorted(CATALOG.blueprints)
    for platform in platforms_of(CATALOG, blueprint)
    if platform in CLOUDS
]
FOR_AZD = [cell for cell in CELLS if (CATALOG.platforms[cell[1]].folder / "layer/files/azure.yaml.jinja").exists()]


def write_module(blueprint, platform, folder, **answers):
    """Write the `infra/` of a starter and return its folder and its provider."""
    architecture = resolve(CATALOG, blueprint, platform, "order-desk", answers)
    tree = render.render_layers(architecture)
    tree.merge(workflows.export_definitions(architecture))
    files = {path: file for path, file in tree.items() if path.startswith("infra/")}
    for path, file in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    [provider] = re.findall(r'source\s+= "hashicorp/(\w+)"', files["infra/versions.tf"].content.decode())
    return folder / "infra", provider


@pytest.fixture(params=CELLS, ids=lambda cell: f"{cell[0]}-on-{cell[1]}")
def module(request, tmp_path):
    return write_module(*request.param, tmp_path)


def test_modules_fit_their_provider(module):
    """Every type, argument, block and reference of a starter's Terraform is one that its provider has."""
    assert check(*module) == []


CHOICES = [
    (platform, name, choice)
    for platform, entry in sorted(CATALOG.platforms.items())
    for name, parameter in entry.spec.parameters.items()
    for choice in parameter.choices
]


@pytest.mark.parametrize(("platform", "name", "choice"), CHOICES)
def test_modules_fit_their_provider_with_every_choice(platform, name, choice, tmp_path):
    """What a platform lets its user choose, such as a tier, makes Terraform that its provider takes, and says so."""
    found = write_module("work-queue", platform, tmp_path, **{name: choice})

    assert check(*found) == []
    assert choice in "".join(file.read_text() for file in found[0].glob("*.tf")).lower()


@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not installed")
def test_modules_are_formatted(module):
    """`terraform fmt` would change nothing."""
    folder, _ = module
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", "-recursive", folder], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("cell", FOR_AZD, ids=lambda cell: f"{cell[0]}-on-{cell[1]}")
def test_values_for_the_developer_cli_name_variables(cell, tmp_path):
    """What `azd` hands to Terraform are variables of the module."""
    folder, _ = write_module(*cell, tmp_path)

    declared = set(re.findall(r'^variable "(\w+)"', (folder / "variables.tf").read_text(), re.MULTILINE))
    values = json.loads((folder / "main.tfvars.json").read_text())
    assert values
    assert set(values) <= declared


SECOND_GROUP = 'resource "azurerm_resource_group" "main" {\n  name     = "x"\n  location = "y"\n}\n\n'
NAMESPACE = 'resource "azurerm_servicebus_namespace"'
TIER = '  sku                 = "Standard"'
CHOSEN = "azurerm_container_app_environment.main[0].id"

AZURE_FAULTS = {
    "syntax: missing brace": ("main.tf", "locals {", "locals "),
    "resource twice": ("namespace.tf", NAMESPACE, SECOND_GROUP + NAMESPACE),
    "undeclared variable": ("main.tf", "var.location", "var.loaction"),
    "undeclared local": ("main.tf", "= local.tags", "= local.tagz"),
    "undeclared resource": ("messaging.tf", "_namespace.main.id", "_namespace.mian.id"),
    "type of resource misspelt": ("messaging.tf", '"azurerm_servicebus_queue"', '"azurerm_service_bus_queue"'),
    "argument misspelt": ("messaging.tf", "lock_duration ", "lock_durations"),
    "argument of an older provider": ("messaging.tf", "namespace_id ", "namespace_name "),
    "required argument missing": ("namespace.tf", TIER + "\n", ""),
    "block misspelt": ("messaging_alarms.tf", "  criteria {", "  criterias {"),
    "nested argument misspelt": ("messaging_alarms.tf", "metric_name ", "metric_nome "),
    "required nested argument missing": ("messaging_alarms.tf", '    operator         = "GreaterThan"\n', ""),
    "required block missing": ("workers.tf", "  template {", "  dapr {"),
    "dynamic block misspelt": ("alarms.tf", 'dynamic "email_receiver"', 'dynamic "mail_receiver"'),
    "argument in a dynamic block misspelt": ("alarms.tf", "email_address ", "mail_address "),
    "block written as an argument": ("workers.tf", "  identity {", "  identity = {"),
    "argument of a scale rule misspelt": ("workers.tf", "identity_id ", "identity "),
    "block too often": ("workers.tf", "  template {", '  identity {\n    type = "SystemAssigned"\n  }\n\n  template {'),
    "number that is none": ("messaging.tf", "max_delivery_count  = 5", 'max_delivery_count  = "five"'),
    "boolean that is none": ("namespace.tf", "local_auth_enabled  = false", 'local_auth_enabled  = "no"'),
    "list for a text": ("namespace.tf", 'minimum_tls_version = "1.2"', 'minimum_tls_version = ["1.2"]'),
    "read-only argument set": ("namespace.tf", TIER, '  endpoint            = "x"\n' + TIER),
    "reference to no attribute": ("rights.tf", ".principal_id", ".principle_id"),
    "one of several not chosen": ("workers.tf", CHOSEN, CHOSEN.replace("[0]", "")),
    "argument of the provider misspelt": ("versions.tf", "  subscription_id = ", "  subscription = "),
}


GOOGLE_FAULTS = {
    "syntax: missing brace": ("main.tf", "locals {", "locals "),
    "undeclared variable": ("messaging.tf", "var.region", "var.regoin"),
    "undeclared local": ("messaging.tf", "local.pubsub", "local.pubsubs"),
    "undeclared resource": ("messaging.tf", "google_pubsub_topic.tasks.id", "google_pubsub_topic.task.id"),
    "type of resource misspelt": ("messaging.tf", '"google_pubsub_subscription"', '"google_pubsub_subscripton"'),
    "argument misspelt": ("messaging.tf", "ack_deadline_seconds ", "ack_deadline_second "),
    "required argument missing": ("messaging-rights.tf", '  role   = "roles/pubsub.publisher"\n', ""),
    "block misspelt": ("messaging.tf", "dead_letter_policy {", "dead_letters_policy {"),
    "nested argument misspelt": ("messaging.tf", "max_delivery_attempts ", "max_delivery_attempt "),
    "required nested argument missing": ("messaging-alarms.tf", '      comparison      = "COMPARISON_GT"\n', ""),
    "block written as an argument": ("messaging.tf", "expiration_policy {", "expiration_policy = {"),
    "number that is none": ("messaging.tf", "max_delivery_attempts = 100", 'max_delivery_attempts = "many"'),
    "boolean that is none": ("messaging.tf", "exactly_once_delivery = true", 'exactly_once_delivery = "yes"'),
    "reference to no attribute": ("messaging-rights.tf", ".member\n", ".membre\n"),
    "read-only argument set": ("identities.tf", "  display_name =", '  email = "x"\n  display_name ='),
    "argument of the provider misspelt": ("versions.tf", "  default_labels =", "  default_label ="),
}
AWS_FAULTS = {
    "syntax: missing brace": ("main.tf", "locals {", "locals "),
    "undeclared variable": ("versions.tf", "var.region", "var.regoin"),
    "undeclared local": ("messaging.tf", "local.own_key", "local.own_keys"),
    "undeclared resource": ("messaging.tf", "aws_sqs_queue.tasks_dead.id", "aws_sqs_queue.tasks_aside.id"),
    "type of resource misspelt": ("messaging.tf", '"aws_sqs_queue_policy"', '"aws_sqs_policy"'),
    "argument misspelt": ("messaging.tf", "visibility_timeout_seconds", "visibility_timeout_second"),
    "required argument missing": ("identities.tf", "  assume_role_policy = local.runs_on_ecs\n", ""),
    "block misspelt": ("workers.tf", "deployment_circuit_breaker {", "deployment_circuit_breakers {"),
    "nested argument misspelt": ("workers.tf", "assign_public_ip ", "assign_public_ips "),
    "required nested argument missing": ("workers.tf", "    subnets          = var.network.subnets\n", ""),
    "block written as an argument": ("workers.tf", "network_configuration {", "network_configuration = {"),
    "number that is none": ("queue_alarms.tf", "period              = 60", 'period              = "often"'),
    "boolean that is none": ("workers.tf", "    enable   = true", '    enable   = "yes"'),
    "reference to no attribute": ("messaging.tf", "tasks_dead.arn", "tasks_dead.arm"),
    "read-only argument set": ("identities.tf", "  assume_role_policy =", '  arn = "x"\n  assume_role_policy ='),
    "one of several not chosen": ("workers.tf", "aws_ecs_cluster.main[0].id", "aws_ecs_cluster.main.id"),
    "argument of the provider misspelt": ("versions.tf", "  region = ", "  regoin = "),
}
FAULTS_OF = {"aws": AWS_FAULTS, "azure": AZURE_FAULTS, "gcp": GOOGLE_FAULTS}
ALL_FAULTS = [(platform, fault) for platform, faults in FAULTS_OF.items() for fault in faults]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The module of a work queue on each platform, in order."""
    return {platform: write_module("work-queue", platform, tmp_path_factory.mktemp(platform)) for platform in FAULTS_OF}


@pytest.mark.parametrize(("platform", "fault"), ALL_FAULTS)
def test_the_check_notices(platform, fault, whole, tmp_path):
    """Each of these faults, made in a module that is in order, is found."""
    source, provider = whole[platform]
    folder = Path(shutil.copytree(source, tmp_path / "infra"))
    name, old, new = FAULTS_OF[platform][fault]
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))

    assert check(folder, provider) != []
