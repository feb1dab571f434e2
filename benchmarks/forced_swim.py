"""How fast a swim is scored, beside bare decoding and beside a published method, in CPU seconds of one run.

    python benchmarks/forced_swim.py

Video: 640 x 480, 25 pictures a second, two cylinders, H.264 at about 2 Mbit/s, three minutes (30 s drawn, six times
over). The jobs alternate, and the best of three runs of each is shown. The rival's time is that of 30 s, times six.
The rival is freezing by pixel differences as ezTrack publishes it (Pennington 2019, doi:10.1038/s41598-019-56408-9):
grey picture, Gaussian blur, difference to the picture before, count above a cut-off, threshold, shortest duration;
written anew here after the paper, for both cylinders at once.
"""

import sys
import tempfile
from pathlib import Path
from time import process_time

import av
import numpy as np
from scipy.ndimage import gaussian_filter

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests" / "assays" / "forced_swim")]

import drawn_videos  # noqa: E402
from swim_cases import measure, read  # noqa: E402

DURATION_S, TIMES, REPEATS = 30, 6, 3


def cpu_s(job):
    """CPU seconds of a job (all threads)."""
    start = process_time()
    job()
    return process_time() - start


def decode(path):
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            plane = frame.planes[0]
            np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)


def pixel_differences(path, limit=200):
    """Frames of the left and the right half in which fewer pixels changed than ``limit``; without one, how many did."""
    before, counts = None, []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            now = gaussian_filter(frame.to_ndarray(format="gray").astype(float), 1)
            if before is not None:
                changed = np.abs(now - before) > 10
                counts.append([changed[:, :320].sum(), changed[:, 320:].sum()])
            before = now
    return np.array(counts) if limit is None else np.array(counts) < limit


def repeated(path, target, times):
    """The same pictures several times over, without coding them again."""
    with av.open(str(path)) as source, av.open(str(target), "w") as sink:
        stream = sink.add_stream_from_template(source.streams.video[0])
        for turn in range(times):
            source.seek(0)
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    offset = round(turn * DURATION_S / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                    sink.mux(packet)


def main():
    with tempfile.TemporaryDirectory() as folder:
        once, path = Path(folder) / "once.mp4", Path(folder) / "swim.mp4"
        truth = [drawn_videos.schedule(np.random.default_rng(i), 0, DURATION_S, 0.6) for i in (1, 2)]
        options = {"preset": "medium", "x264-params": "keyint=125:mbtree=0"}
        drawn_videos.make(once, truth, DURATION_S, options=options, bit_rate=2_000_000, noise=5)
        repeated(once, path, TIMES)
        frames, mbit = TIMES * DURATION_S * 25, 8e-6 * path.stat().st_size / DURATION_S / TIMES
        record = read(path.parent, path.name)
        jobs = (
            lambda: decode(path),
            lambda: read(path.parent, path.name),
            lambda: measure(record),
            lambda: pixel_differences(once),
        )
        bare_s, ours_s, score_s, rival_s = np.min([[cpu_s(job) for job in jobs] for _ in range(REPEATS)], axis=0)
        rival_s *= TIMES
        print(f"{frames} pictures, {mbit:.1f} Mbit/s")
        print(f"{'':42}{'CPU s':>8}{'pictures/s':>12}{'of decoding':>13}")
        for name, seconds in [
            ("bare decoding (PyAV, luma plane)", bare_s),
            ("ketaflow, both cylinders, all states", ours_s + score_s),
            ("scoring again from the stored trace", score_s),
            ("pixel differences as published (ezTrack)", rival_s),
        ]:
            print(f"{name:42}{seconds:8.2f}{frames / seconds:12.0f}{bare_s / seconds:13.2f}")
        print(f"ketaflow over pixel differences: {rival_s / (ours_s + score_s):.1f} x")


if __name__ == "__main__":
    main()
