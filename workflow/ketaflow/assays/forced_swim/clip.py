"""An annotated film of one swim: what the animal was scored to do, while it does it.

In: the recording, its measurements, and the video once more. Out: an mp4 with the cylinder framed in the colour of the
state, the state, the time, and below the picture the activity that decides, with the threshold.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from ketaflow.assays.forced_swim.figures import annotated_frame
from ketaflow.assays.forced_swim.readers import video
from ketaflow.core.errors import IngestError
from ketaflow.core.records import Record

# Film time is counted in thousandths of a second, whatever the video's own clock.
TICKS_HZ = 1000


def clip(
    recording: Record,
    measured: Record,
    name: str,
    folder: Path,
    path: Path,
    *,
    start_s: float | None,
    length_s: float,
    width_px: int,
) -> None:
    """Write the film of recording ``name``, ``length_s`` from ``start_s`` on (seconds of the video)."""
    swim = next(row for row in recording.rows["forced_swim"] if row["recording"] == name)
    if recording.facts["video"]["codec"] == "ethovision":
        raise IngestError(
            f"{Path(swim['video']).name} is an EthoVision export and holds no pictures to make a film of."
        )
    scored = measured.facts.get(name, {})
    if start_s is None:
        start_s = scored.get("window_s", [0.0])[0]
    spans, trace = (own[own["recording"] == name] for own in (measured.table("states"), recording.table("trace")))
    pictures = clip_frames(folder / swim["video"], start_s, start_s + length_s, width_px)
    first = next(pictures, None)
    if first is None:
        ends_s = float(trace["time_s"].max()) if len(trace) else 0.0
        raise IngestError(
            f"{Path(swim['video']).name}: the clip would begin at {start_s:g} s, but the video ends at {ends_s:.0f} s. "
            "Set forced_swim.clip.start_s."
        )
    facts = recording.facts["cylinders"][name]
    marks = annotated_frame.Annotation(
        box=annotated_frame.scaled_box(
            facts["region_px"], facts["water_px"], width_px / recording.facts["video"]["width_px"]
        ),
        title=f"cylinder {swim['cylinder']:g}",
        spans=spans,
        times_s=trace["time_s"].to_numpy(),
        activity=measured.arrays.get(f"activity.{name}", np.full(len(trace), np.nan)),
        threshold=scored.get("threshold", float("nan")),
        window_s=(start_s, start_s + length_s),
    )
    write_film(
        path,
        first,
        pictures,
        annotated_frame.Annotator(marks, first[1].shape[1]),
        recording.facts["video"]["frame_rate_hz"],
    )


def clip_frames(path: Path, start_s: float, stop_s: float, width_px: int) -> Iterator[tuple[float, np.ndarray]]:
    """Coloured pictures between two moments, (time_s, (height, width, 3) uint8), both sides even."""
    with video.open_video(path) as (container, stream):
        stream.thread_type = "AUTO"
        container.seek(int(max(start_s - 1, 0) / stream.time_base), stream=stream, backward=True)
        for frame in container.decode(stream):
            if frame.time is None or frame.time < start_s:
                continue
            if frame.time >= stop_s:
                return
            on_end = round(frame.rotation / 90) % 2
            wide, high = (stream.height, stream.width) if on_end else (stream.width, stream.height)
            sides = width_px // 2 * 2, round(high * width_px / wide / 2) * 2
            yield frame.time, video.rotated(frame.reformat(*sides[:: -1 if on_end else 1], "rgb24").to_ndarray(), frame)


def write_film(
    path: Path, first: tuple, others: Iterator[tuple], annotator: annotated_frame.Annotator, rate_hz: float
) -> None:
    """Annotate and encode: H.264 where the encoder is there, else MPEG-4."""
    import av

    start_s = first[0]
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        h264 = "libx264" in av.codecs_available
        stream = container.add_stream("libx264" if h264 else "mpeg4", rate=Fraction(rate_hz).limit_denominator(1001))
        stream.height, stream.width = annotator.annotated(*first).shape[:2]
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, TICKS_HZ)
        if h264:
            stream.options = {"crf": "23", "preset": "veryfast"}
        else:
            stream.bit_rate = 2_000_000
        for time_s, picture in (pair for source in ([first], others) for pair in source):
            frame = av.VideoFrame.from_ndarray(annotator.annotated(time_s, picture), format="rgb24")
            frame.pts, frame.time_base = round((time_s - start_s) * TICKS_HZ), Fraction(1, TICKS_HZ)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
