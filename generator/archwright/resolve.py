"""Bind a blueprint to a platform: answers filled in, capabilities matched, decisions taken."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archwright import model, schema
from archwright.costs import estimate
from archwright.errors import Finding, ResolutionError, Severity
from archwright.layers import collect
from archwright.orchestration import read_workflows
from archwright.parameters import check_day, check_package, read_answers, starter_named, substitute
from archwright.quantities import Duration, Size
from archwright.routing import expressions, rule_of
from archwright.shapes import check_shape
from archwright.yamlfile import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archwright.catalog import Catalog, Entry
    from archwright.facts import Facts


def resolve(
    catalog: Catalog, blueprint: str, platform: str, name: str, answers: Mapping[str, object]
) -> model.Architecture:
    """Return `blueprint` bound to `platform` for a starter called `name`; `answers` sets parameters by id.

    Raises:
        UsageError: an unknown blueprint, platform or parameter, or a value that it does not take.
        ResolutionError: the platform cannot give a capability that the blueprint asks for.
    """
    entry, target = catalog.blueprint(blueprint), catalog.platform(platform).spec
    dated = {"date": entry.spec.last_reviewed, **answers}  # no clock here: whoever generates says what day it is
    parameters = read_answers(parameter_specs(catalog, blueprint, platform), dated, blueprint)
    check_day(parameters["date"].value)
    spec = _filled(entry, parameters)
    if missing := misfits(spec, target):
        raise ResolutionError(f"`{blueprint}` does not run on `{platform}`.", findings=missing)
    tier = str(parameters["tier"].value) if "tier" in parameters else ""
    services = {capability: _service(capability, target, catalog.facts, tier) for capability in capabilities(spec)}
    starter = starter_named(name, parameters)
    parts = collect(catalog, blueprint, platform, services)
    check_package(starter, [one.name for one in parts.lock])
    names = {"starter": starter.name, "package": starter.package} | {
        key: str(one.value) for key, one in parameters.items()
    }
    containers = tuple(_container(key, one, services) for key, one in spec.containers.items())
    channels = tuple(_channel(key, one, services) for key, one in spec.channels.items())
    workers = _workers(target, containers, catalog.facts, tier)
    return model.Architecture(
        blueprint=_blueprint(spec, catalog),
        platform=model.PlatformRef(id=target.id, name=target.name, summary=target.summary),
        starter=starter,
        parameters=parameters,
        containers=containers,
        channels=channels,
        messages=tuple(_message(key, one) for key, one in schema.contracts(spec).items()),
        workflows=read_workflows(spec, containers, channels),
        relationships=tuple(_relationship(flow) for flow in spec.flows),
        decisions=tuple(_decision(one, target, parameters) for one in spec.decisions),
        guarantees=tuple(_guarantee(one) for one in spec.guarantees),
        failure_modes=tuple(_failure_mode(one) for one in spec.failure_modes),
        facts=_facts(spec, services.values(), catalog.facts),
        prices=_prices(target, (*channels, *containers), workers, catalog.facts),
        estimate=estimate(_costs(target.costs, catalog.facts, tier), channels, containers, workers),
        story=tuple(spec.story),
        settings=tuple(_setting(one, names) for one in parts.settings),
        **{field: getattr(parts, field) for field in parts.__dataclass_fields__ if field != "settings"},
    )


def parameter_specs(catalog: Catalog, blueprint: str, platform: str) -> dict[str, schema.Parameter]:
    """Return what may be asked for `blueprint`: its own parameters, the platform's, then those of every starter."""
    spec, target = catalog.blueprint(blueprint).spec, catalog.platform(platform).spec
    asked = [target.bindings[one] for one in capabilities(spec) if one in target.bindings]
    given = {name: one for name, one in target.parameters.items() if name != "tier" or any(map(_has_tiers, asked))}
    return {**spec.parameters, **given, **catalog.parameters}


def _has_tiers(binding: schema.Binding) -> bool:
    """Whether it is another thing in another tier; else a starter has no tier to choose."""
    named = [*(one.tier for one in binding.costs), *(one.tier for one in binding.excludes)]
    return any(named) or any(one.tiers for one in binding.knobs.values())


def capabilities(spec: schema.Blueprint) -> tuple[str, ...]:
    """Return the capabilities that a blueprint asks a platform for, each once, in their order."""
    asked = [channel.capability for channel in spec.channels.values()]
    asked += [container.capability for container in spec.containers.values() if container.capability]
    return tuple(dict.fromkeys(asked))


def misfits(spec: schema.Blueprint, platform: schema.Platform) -> tuple[Finding, ...]:
    """Return why `platform` cannot run the blueprint: one finding a capability that it does not give."""
    findings = []
    for capability in capabilities(spec):
        binding = platform.bindings.get(capability)
        if binding is None:
            reason = "binds no service to it"
        elif isinstance(binding.level, schema.Absent):
            reason = f"has none: {binding.level.absent}"
        else:
            continue
        findings.append(
            Finding(
                code="AW111",
                severity=Severity.ERROR,
                subject=capability,
                message=f"{platform.name} {reason}",
                hint=f"choose another platform, or bind `{capability}` in its platform.yaml.",
            )
        )
    return tuple(findings)


def platforms_of(catalog: Catalog, blueprint: str) -> tuple[str, ...]:
    """Return the ids of the platforms that can run `blueprint`, computed from what it asks for."""
    spec = catalog.blueprint(blueprint).spec
    return tuple(name for name, entry in sorted(catalog.platforms.items()) if not misfits(spec, entry.spec))


def _filled(entry: Entry[schema.Blueprint], parameters: Mapping[str, model.Parameter]) -> schema.Blueprint:
    """Return the blueprint with its parameters filled in, checked again now that the values are there."""
    document = entry.document
    filled = Document(document.path, substitute(document.value, parameters), document.positions)
    spec, findings = check_shape(schema.Blueprint, filled)
    if spec is None:
        raise ResolutionError(f"`{entry.spec.id}` does not hold with these parameters.", findings=tuple(findings))
    return spec


def _blueprint(spec: schema.Blueprint, catalog: Catalog) -> model.BlueprintRef:
    names = catalog.names()
    return model.BlueprintRef(
        id=spec.id,
        name=spec.name,
        category=spec.category,
        ring=spec.ring,
        summary=spec.summary,
        last_reviewed=spec.last_reviewed,
        question=spec.problem.question,
        forces=tuple(spec.problem.forces),
        use_when=tuple(spec.use_when),
        avoid_when=tuple(model.AvoidWhen(text=one.text, use_instead=one.use_instead or "") for one in spec.avoid_when),
        known_as=tuple(model.Reference(**one.model_dump()) for one in spec.known_as),
        related=tuple(model.Related(id=one.id, name=names[one.id], why=one.why) for one in spec.related),
    )


def _service(capability: str, platform: schema.Platform, facts: Facts, tier: str) -> model.Service:
    binding = platform.bindings[capability]
    emulated = isinstance(binding.level, schema.Emulated)
    return model.Service(
        capability=capability,
        name=binding.service,
        level=model.Level.EMULATED if emulated else model.Level.NATIVE,
        note=binding.level.emulated if isinstance(binding.level, schema.Emulated) else binding.note,
        icon=binding.icon,
        adapter=binding.adapter,
        terraform=binding.terraform,
        limits={knob: facts.limits[one.tiers.get(tier, one.limit)] for knob, one in binding.knobs.items()},
        renewable=frozenset(knob for knob, one in binding.knobs.items() if one.renewable),
        tier=tier,
        definition=model.Definition(**binding.definition.model_dump()) if binding.definition else None,
        excludes=tuple(
            model.Exclusion(
                traits=frozenset(one.traits), tier=one.tier or "", limit=facts.limits[one.limit], help=one.help
            )
            for one in binding.excludes
        ),
        costs=_costs(binding.costs, facts, tier),
        bill=binding.bill,
        laptop=binding.laptop,
        language=_language(binding.language, facts) if binding.language else None,
        lacks=binding.lacks,
    )


def _language(spec: schema.Language, facts: Facts) -> model.Language:
    return model.Language(
        **{**dict(spec), "limit": facts.limits[spec.limit]}
        | {"operators": {name: model.Operator(**dict(one)) for name, one in spec.operators.items()}}
    )


def _workers(
    target: schema.Platform, containers: Iterable[model.Container], facts: Facts, tier: str
) -> tuple[model.Runtime, ...]:
    """Return what runs each of the containers that work on messages."""
    if not (spec := target.workers):
        return ()
    runtime = model.Runtime(name=spec.service, costs=_costs(spec.costs, facts, tier), bill=spec.bill)
    return tuple(runtime for one in containers if one.handles)


def _prices(
    target: schema.Platform,
    parts: Iterable[model.Channel | model.Container],
    workers: Iterable[model.Runtime],
    facts: Facts,
) -> tuple[model.Fact, ...]:
    """Return what the platform charges for, and what the services of these parts and workers do, each price once."""
    listed = {one: facts.prices[one].as_fact() for one in target.prices}
    used = [cost.price for part in parts if part.service for cost in part.service.costs]
    used += [cost.price for worker in workers for cost in worker.costs]
    return tuple((listed | {price.id: price for price in used}).values())


def _costs(costs: Iterable[schema.Cost], facts: Facts, tier: str) -> tuple[model.Cost, ...]:
    """Return what is charged in the tier."""
    found = []
    for one in costs:
        price = facts.prices[one.price]
        if one.tier in {None, tier}:
            found.append(
                model.Cost(
                    price=price.as_fact(),
                    usd=price.usd["usd"],
                    per=price.per,
                    free=0 if "months" in one.units else facts.prices[one.included_in or one.price].free,
                    chunk=Size.parse(price.billing_chunk).bytes if price.billing_chunk else 0,
                    units={str(quantity): number for quantity, number in one.units.items()},
                )
            )
    return tuple(found)


def _container(key: str, spec: schema.Container, services: Mapping[str, model.Service]) -> model.Container:
    return model.Container(
        id=key,
        name=spec.name,
        kind=model.ContainerKind(spec.kind),
        description=spec.description,
        handles=(spec.handles,) if isinstance(spec.handles, str) else tuple(spec.handles),
        instances=spec.instances,
        service=services[spec.capability] if spec.capability else None,
        timeout=_duration(spec.timeout),
        payload=Size.parse(spec.payload) if spec.payload else None,
        retention=_duration(spec.retention),
        outlives=tuple(spec.outlives),
    )


def _channel(key: str, spec: schema.Channel, services: Mapping[str, model.Service]) -> model.Channel:
    own = None if spec.subscriptions else _queue(key, spec, spec.name or key, {})
    return model.Channel(
        id=key,
        name=spec.name or key,
        description=spec.description,
        service=services[spec.capability],
        messages=(spec.message,) if isinstance(spec.message, str) else tuple(spec.message),
        ordering=spec.ordering,
        deduplication_window=_duration(spec.deduplication_window),
        retention=_duration(spec.retention),
        payload=Size.parse(spec.payload) if spec.payload else None,
        delivery=model.Delivery(spec.delivery),
        delayed=bool(spec.delayed),
        regions=spec.regions,
        replay=_duration(spec.replay),
        queue=own,
        subscriptions=tuple(
            _subscription(key, one, sub, services[spec.capability]) for one, sub in spec.subscriptions.items()
        ),
    )


def _subscription(channel: str, key: str, spec: schema.Subscription, service: model.Service) -> model.Queue:
    rules = tuple(rule_of(one.name, one.when) for one in spec.rules)
    told = expressions(service.language, channel, key, rules) if service.language else {}
    return replace(_queue(key, spec, spec.name or key, spec.filter), rules=rules, expressions=told)


def _queue(key: str, spec: schema.QueueKnobs, name: str, accepts: Mapping[str, list[str]]) -> model.Queue:
    retry = spec.retry
    return model.Queue(
        id=key,
        name=name,
        lease=_duration(spec.lease),
        max_deliveries=int(spec.max_deliveries) if spec.max_deliveries is not None else None,
        dead_letter=bool(spec.dead_letter),
        retry=model.Retry(
            backoff=retry.backoff, first=Duration.parse(retry.first), longest=Duration.parse(retry.longest)
        )
        if retry
        else None,
        filter={attribute: tuple(values) for attribute, values in accepts.items()},
        dead_letter_retention=_duration(spec.dead_letter_retention),
        push=bool(spec.push),
    )


def _message(name: str, spec: schema.Message) -> model.Message:
    return model.Message(
        name=name,
        version=spec.version,
        description=spec.description,
        schema=spec.schema_,
        example=spec.example,
        key=spec.key,
        attributes=tuple(spec.attributes),
        type=spec.type or name,
    )


def _relationship(flow: schema.Flow) -> model.Relationship:
    return model.Relationship(
        source=flow.from_, target=flow.to, says=flow.says, mode=model.Mode(flow.mode), route=model.Route(flow.route)
    )


def _decision(
    spec: schema.Decision, platform: schema.Platform, parameters: Mapping[str, model.Parameter]
) -> model.Decision:
    """Take the decision: by the user's parameter, else by the platform, else by the blueprint's default."""
    choice = platform.chooses.get(spec.id)
    chosen, because, decided_by = spec.default, spec.options[spec.default].because, "blueprint"
    if spec.parameter:
        chosen = str(parameters[spec.parameter].value)
        because, decided_by = spec.options[chosen].because if chosen in spec.options else "", "parameter"
    elif choice:
        chosen, because, decided_by = choice.option, choice.because, "platform"
    if chosen not in spec.options:
        raise ResolutionError(
            f"The decision `{spec.id}` has no option `{chosen}`, which the {decided_by} asks for.",
            hint=f"options: {', '.join(spec.options)}.",
        )
    options = tuple(
        model.Option(id=key, name=one.name, gains=tuple(one.gains), costs=tuple(one.costs))
        for key, one in spec.options.items()
    )
    drill, reason = _drill(spec.confirmed_by)
    return model.Decision(
        id=spec.id,
        title=spec.title,
        question=spec.question,
        context=spec.context,
        drivers=tuple(spec.drivers),
        options=options,
        chosen=chosen,
        because=because,
        consequences=tuple(spec.consequences),
        confirmed_by=drill,
        confirmation=reason,
        decided_by=decided_by,
        revisit_when=tuple(spec.revisit_when),
    )


def _guarantee(spec: schema.Guarantee) -> model.Guarantee:
    source, target = spec.hop.split(" → ")
    drill, reason = _drill(spec.drill)
    return model.Guarantee(
        source=source,
        target=target,
        delivery=model.Delivery(spec.delivery),
        ordering=spec.ordering,
        deduplication=spec.deduplication,
        drill=drill,
        no_drill_because=reason,
        note=spec.note,
    )


def _failure_mode(spec: schema.FailureMode) -> model.FailureMode:
    drill, reason = _drill(spec.drill)
    return model.FailureMode(
        mode=spec.mode,
        metric=spec.shows_as.metric,
        threshold=str(spec.shows_as.above),
        handled_by=spec.handled_by,
        drill=drill,
        no_drill_because=reason,
        runbook=tuple(spec.runbook),
    )


def _setting(setting: model.Setting, names: Mapping[str, str]) -> model.Setting:
    """Fill in `${starter}`, `${package}` and parameters where a setting's default names them."""
    return replace(setting, default=schema.PARAMETER.sub(lambda match: names[match[1]], setting.default))


def _drill(text: str) -> tuple[str, str]:
    """Return (drill, why there is none); one of the two is empty."""
    return ("", text.removeprefix("none, because ")) if text.startswith("none, because ") else (text, "")


def _duration(text: str | None) -> Duration | None:
    return Duration.parse(text) if text is not None else None


def _facts(spec: schema.Blueprint, services: Iterable[model.Service], facts: Facts) -> tuple[model.Fact, ...]:
    found: dict[str, model.Fact] = {}
    for name in spec.facts:  # a name that is both is the limit: prices are asked for by the cost rooms
        found[name] = facts.limits[name] if name in facts.limits else facts.prices[name].as_fact()
    found |= {fact.id: fact for service in services for fact in service.limits.values()}
    return tuple(found.values())
