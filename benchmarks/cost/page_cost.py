"""Weight and opening time of the HTML report of a model with 500 sites, in Chromium.

    python benchmarks/cost/page_cost.py

Two models: one whose sites are of six kinds, whose pictures are shared, and one in which each site
has lengths of its own. Asked: under 5 MB, and opened in under 2 s: from the address to the frame
after the load event, the median of five. What the page's own thread works of that is told too,
which a busy machine changes less. Needs Chromium and playwright.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from playwright.sync_api import Browser, sync_playwright

from halfpixel.checking.check import Settings, check_paths
from halfpixel.report.html import check_page

SITES = 500
RUNS = 5
FACTORS = ((2.0, 2.0), (3.0, 3.0), (4.0, 2.0))
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def model(*, distinct: bool) -> onnx.ModelProto:
    """Return a model of resizes on coordinates that an old exporter wrote for others."""
    nodes: list[onnx.NodeProto] = []
    inputs: list[onnx.ValueInfoProto] = []
    for i in range(SITES):
        name = f"x{i}" if distinct else "x"
        if distinct or not inputs:
            shape = (1, 3, 4 + i // 25, 4 + i % 25) if distinct else (1, 3, 16, 24)
            inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        nodes.append(
            helper.make_node(
                "Resize",
                [name, "", f"scales{i % len(FACTORS)}"],
                [f"y{i}"],
                f"decoder.block{i}.up",
                mode=("linear", "cubic")[i % 2],
                coordinate_transformation_mode="asymmetric",
            )
        )
    constants = [
        numpy_helper.from_array(np.array((1, 1, *two), np.float32), f"scales{i}")
        for i, two in enumerate(FACTORS)
    ]
    outputs = [helper.make_tensor_value_info("y0", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "main_graph", inputs, outputs, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    made.producer_name, made.producer_version = "pytorch", "1.12.1"
    return made


def opened(browser: Browser, path: Path) -> tuple[float, float]:
    """Return the seconds from a page's address to the frame after its load; those of its thread."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    start = time.perf_counter()
    page.goto(path.as_uri(), wait_until="load")
    page.evaluate(FRAME)
    taken = time.perf_counter() - start
    metrics = session.send("Performance.getMetrics")["metrics"]
    page.close()
    return taken, next(one["value"] for one in metrics if one["name"] == "TaskDuration")


def main() -> None:
    """Measure both models."""
    program = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        for name in ("alike", "distinct"):
            path = Path(folder) / f"{name}.onnx"
            onnx.save(model(distinct=name == "distinct"), path)
            report = check_paths([path], Settings())
            start = time.perf_counter()
            text = check_page.dumps(report)
            written = time.perf_counter() - start
            page = path.with_suffix(".html")
            page.write_text(text, encoding="utf-8")
            seconds, thread = map(
                statistics.median, zip(*(opened(browser, page) for _ in range(RUNS)), strict=True)
            )
            print(
                f"{name}: {len(report.sites)} sites, {len(report.findings)} findings: "
                f"{len(text.encode()) / 1e6:.2f} MB (asked 5), written in {written:.1f} s, "
                f"opened in {seconds:.2f} s (asked 2), {thread:.2f} s of its thread"
            )
        browser.close()


if __name__ == "__main__":
    main()
