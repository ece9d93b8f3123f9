"""The API's IAMPolicy service: policies are kept, and everybody may do everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.iam.v1 import iam_policy_pb2, policy_pb2

from .errors import not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .broker import Broker
    from .calls import Method
    from .wire import Proto


class IamPolicy:
    """Policies, in memory only: nothing is ever forbidden here."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._policies: dict[str, Proto] = {}

    def methods(self) -> Mapping[str, Method]:
        """Return the calls of this service by name."""
        return {
            "SetIamPolicy": (iam_policy_pb2.SetIamPolicyRequest, self._set),
            "GetIamPolicy": (iam_policy_pb2.GetIamPolicyRequest, self._get),
            "TestIamPermissions": (iam_policy_pb2.TestIamPermissionsRequest, self._test),
        }

    def _set(self, request: Proto) -> Proto:
        self._require(request.resource)
        self._policies[request.resource] = request.policy
        return request.policy

    def _get(self, request: Proto) -> Proto:
        self._require(request.resource)
        return self._policies.get(request.resource, policy_pb2.Policy(etag=b"ACAB"))

    def _test(self, request: Proto) -> Proto:
        self._require(request.resource)
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=request.permissions)

    def _require(self, name: str) -> None:
        broker = self._broker
        if "/schemas/" in name:
            broker.schemas.get(name)
        elif not any(name in known for known in (broker.topics, broker.subscriptions, broker.snapshots)):
            raise not_found(name)
