"""What is taken out of the gateway's starter for each of its drills: mechanism, file, line, and what it becomes."""

from __future__ import annotations

_GATEWAY = "src/desk/gateway"

ROWS = {
    "test_storm_of_429_is_waited_out": (
        "nobody waits as long as was asked for",
        f"{_GATEWAY}/attempts.py",
        "pause = max(pause, self._asked_to_wait or 0.0)",
        "pause = 0.0",
    ),
    "test_overloaded_provider_is_passed_over": (
        "there is no other route",
        f"{_GATEWAY}/attempts.py",
        "for route in self._routes:",
        "for route in self._routes[:1]:",
    ),
    "test_slow_first_word_is_passed_over": (
        "a hop may take all the time",
        f"{_GATEWAY}/attempts.py",
        "hop = min(self._limits.hop, self._remaining)",
        "hop = self._remaining",
    ),
    "test_stream_that_breaks_is_told_and_paid": (
        "a stream that breaks just ends",
        f"{_GATEWAY}/gateway.py",
        'raise Refused(529, "overloaded_error", "The answer broke off.", decision="broken") from None',
        "pass",
    ),
    "test_unfinished_answers_are_never_kept": (
        "every answer counts as finished",
        f"{_GATEWAY}/gateway.py",
        'case.row.decision = "answered" if answer.is_finished else "unfinished"',
        'case.row.decision = "answered"',
    ),
    "test_call_ends_at_its_one_deadline": (
        "the deadline is far away",
        "src/desk/api.py",
        "settings.gateway_deadline.total_seconds()",
        "60.0",
    ),
    "test_retries_happen_in_one_layer": (
        "clients are not told to leave it",
        f"{_GATEWAY}/refusals.py",
        'return {"x-should-retry": "false"}',
        "return {}",
    ),
    "test_breaker_opens_and_lets_one_call_try": (
        "breakers never open",
        f"{_GATEWAY}/breaker.py",
        "if state.failures < self._most:",
        "if True:",
    ),
    "test_budget_stops_a_call_before_it_costs_anything": (
        "nothing is set aside before a call",
        f"{_GATEWAY}/till.py",
        "current.promised += amount",
        "current.promised += 0",
    ),
    "test_token_rate_bounds_one_tenant_alone": (
        "buckets have no bottom",
        f"{_GATEWAY}/rate.py",
        "if level < needed:",
        "if False:",
    ),
    "test_retired_and_unknown_aliases_are_told": (
        "what is retired is called on",
        f"{_GATEWAY}/gateway.py",
        "if alias.retires and self.now().date() >= alias.retires:",
        "if False:",
    ),
    "test_rule_takes_the_prompts_of_its_size": (
        "the first rule takes all",
        f"{_GATEWAY}/gateway.py",
        "if not rule.prompt_below or wanted.prompt_tokens < rule.prompt_below:",
        "if True:",
    ),
    "test_same_request_is_answered_once_for_one_tenant": (
        "the cache is never asked",
        f"{_GATEWAY}/cache.py",
        'return dict(item.data["message"])',
        "return None",
    ),
    "test_cached_answer_is_never_anothers": (
        "a cached answer is given to anybody",
        f"{_GATEWAY}/cache.py",
        'if item is None or item.data.get("tenant") != tenant:',
        "if item is None:",
    ),
    "test_personal_data_leaves_no_trace": (
        "nothing is redacted",
        f"{_GATEWAY}/gateway.py",
        "wanted, row.redacted = redact(read(asking.body))",
        "wanted, row.redacted = read(asking.body), {}",
    ),
    "test_injected_call_of_a_tool_is_withheld": (
        "every call of a tool goes",
        f"{_GATEWAY}/containment.py",
        "if name in self._allowed and name not in self._unapproved:",
        "if True:",
    ),
    "test_requests_that_are_none_are_told_where": (
        "messages are not looked at",
        f"{_GATEWAY}/wanted.py",
        "if not isinstance(messages, list) or not messages:",
        "if False:",
    ),
    "test_store_that_is_away_costs_no_row_and_no_money": (
        "rows do not wait for the store",
        f"{_GATEWAY}/ledger.py",
        "time.sleep(_PAUSE)",
        "break",
    ),
    "test_killed_gateway_overspends_nothing": (
        "slices are held for nothing",
        f"{_GATEWAY}/till.py",
        "size = max(amount, round(tenant.budget_usd * MICRO / _SHARE))",
        "size = 0",
    ),
    "test_reader_that_leaves_ends_the_call": (
        "the work is not told that its reader has gone",
        "src/desk/web/relay.py",
        "self.left.set()",
        "pass",
    ),
    "test_clock_that_jumps_moves_no_money": (
        "a slice is settled in the month of the day",
        "src/desk/budget/purse.py",
        'month = hold.data["month"]',
        'month = hold.data["month"].rpartition("/")[0] + f"/{self._clock():%Y-%m}"',
    ),
    "test_more_calls_than_it_holds_are_refused_at_once": (
        "there are threads without an end",
        "src/desk/api.py",
        "Crew(settings.gateway_calls_at_once)",
        "Crew(1000)",
    ),
    "test_told_to_stop_it_finishes_what_it_has": (
        "a server that stops cuts what it has",
        "src/desk/web/server.py",
        "timeout_graceful_shutdown=max(1, int(settings.http_shutdown_grace.total_seconds())),",
        "timeout_graceful_shutdown=0,",
    ),
    "test_cost_report_is_usage_times_price": (
        "rows are not held against the price table",
        "src/desk/commands/cost_report.py",
        "due = route.price.of(usage)",
        'due = row.get("cost_microusd", 0)',
    ),
    "test_tenant_that_is_switched_off_gets_nothing": (
        "nobody looks whether a tenant is on",
        f"{_GATEWAY}/gateway.py",
        "if asking.tenant.disabled:",
        "if False:",
    ),
}
