"""What a service counts, as Prometheus reads it: a registry of its own for each service."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder

from halfpixel.rule import SEVERITIES
from halfpixel.serving.worker import Outcome

SECONDS: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """What a service has done."""

    def __init__(self) -> None:
        """Count from nothing."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        kept = self.registry
        self.requests = Counter(
            "halfpixel_requests", "Answers, by status.", ["status"], registry=kept
        )
        self.models = Counter(
            "halfpixel_models", "Models that were judged, by verdict.", ["verdict"], registry=kept
        )
        self.findings = Counter(
            "halfpixel_findings", "What was found, by severity.", ["severity"], registry=kept
        )
        self.seconds = Histogram(
            "halfpixel_check_seconds", "Seconds from the model being here to its report.",
            buckets=SECONDS, registry=kept,
        )  # fmt: skip
        self.busy = Gauge(
            "halfpixel_requests_in_progress", "Models that are sent, wait or are checked.",
            registry=kept,
        )  # fmt: skip

    def judged(self, outcome: Outcome) -> None:
        """Count what came of a check."""
        self.models.labels("passed" if outcome.passed else "failed").inc()
        for severity, count in zip(SEVERITIES, outcome.counts, strict=True):
            self.findings.labels(severity).inc(count)

    def told(self, accept: str) -> tuple[bytes, str]:
        """Return all of it, and its media type, as a caller accepts it."""
        encode, media = choose_encoder(accept)
        return encode(self.registry), media
