"""An annotated clip of one swim: what the animal was scored to do, while it does it.

In: what ``ingest`` and ``quantify`` made, and the video again. Out: an mp4 with the cylinder framed in the colour
of the state, the state, the time, and below the frame the activity with the threshold.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ketaflow.assays.forced_swim import constants
from ketaflow.assays.forced_swim.figures import annotated_frame
from ketaflow.assays.forced_swim.model import SwimFile
from ketaflow.assays.forced_swim.readers import video
from ketaflow.assays.forced_swim.scoring.model import Measured, StateBout
from ketaflow.assays.forced_swim.settings import ClipSettings
from ketaflow.core.errors import IngestError
from ketaflow.core.results import frame


class TimedFrame(NamedTuple):
    """A frame of a film and its time.

    Attributes
    ----------
    time_s : float
        Seconds of the video.
    image : (height, width, 3) uint8
        Red, green and blue.
    """

    time_s: float
    image: np.ndarray


def clip(swim_file: SwimFile, measured: Measured, name: str, folder: Path, path: Path, settings: ClipSettings) -> None:
    """Write the clip of one recording.

    Parameters
    ----------
    swim_file : SwimFile
        What ``ingest`` made of the video.
    measured : Measured
        What ``quantify`` made of it.
    name : str
        The recording.
    folder : Path
        Where the path of the video starts.
    path : Path
        The mp4 to write.
    settings : ClipSettings
        Start, length and width.

    Raises
    ------
    IngestError
        If the recording is an export, or the clip would begin after the end of the video.
    """
    swim, file = swim_file.swim(name), Path(swim_file.path).name
    if swim_file.video is None or swim.view is None:
        raise IngestError(f"{file} is no video and holds no pictures to make a film of.")
    score = measured.scores.get(name)
    start_s = settings.start_s
    if start_s is None:
        start_s = 0.0 if score is None else score.window_s[0]
    frames = clip_frames(folder / swim_file.path, start_s, start_s + settings.length_s, settings.width_px)
    first = next(frames, None)
    if first is None:
        end_s = float(swim.trace["time_s"].max()) if len(swim.trace) else 0.0
        raise IngestError(
            f"{file}: the clip would begin at {start_s:g} s, but the video ends at {end_s:.0f} s. "
            "Set forced_swim.clip.start_s."
        )
    factor = settings.width_px / swim_file.video.width_px
    marks = annotated_frame.Annotation(
        box=annotated_frame.scaled_box(swim.view.region_px, swim.view.water_px, factor),
        title=f"cylinder {swim.cylinder:g}",
        bouts=frame([bout for bout in measured.states if bout.recording == name], StateBout),
        times_s=swim.trace["time_s"].to_numpy(),
        activity=np.full(len(swim.trace), np.nan) if score is None else score.activity,
        threshold=np.nan if score is None else score.threshold,
        window_s=(start_s, start_s + settings.length_s),
    )
    annotator = annotated_frame.Annotator(marks, first.image.shape[1])
    write_clip(path, chain([first], frames), annotator, swim_file.frame_rate_hz)


def clip_frames(path: Path, start_s: float, stop_s: float, width_px: int) -> Iterator[TimedFrame]:
    """Decode the coloured frames between two moments.

    Parameters
    ----------
    path : Path
        The video.
    start_s, stop_s : float
        Seconds of the video.
    width_px : int
        Width of the clip; both sides are made even.

    Yields
    ------
    TimedFrame
    """
    with video.open_video(path) as (container, stream):
        stream.thread_type = "AUTO"
        container.seek(int(max(start_s - constants.SEEK_MARGIN_S, 0) / stream.time_base), stream=stream, backward=True)
        for one in container.decode(stream):
            if one.time is None or one.time < start_s:
                continue
            if one.time >= stop_s:
                return
            on_end = round(one.rotation / 90) % 2
            wide, high = (stream.height, stream.width) if on_end else (stream.width, stream.height)
            sides = width_px // 2 * 2, round(high * width_px / wide / 2) * 2
            image = one.reformat(*sides[:: -1 if on_end else 1], "rgb24").to_ndarray()
            yield TimedFrame(one.time, video.rotated(image, one))


def write_clip(
    path: Path, frames: Iterator[TimedFrame], annotator: annotated_frame.Annotator, frame_rate_hz: float
) -> None:
    """Annotate and encode frames: H.264 if the encoder is there, else MPEG-4.

    Parameters
    ----------
    path : Path
        The mp4 to write.
    frames : iterator of TimedFrame
        At least one.
    annotator : Annotator
        Draws into each frame.
    frame_rate_hz : float
        Frame rate of the video.
    """
    import av

    start_s: float | None = None
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        h264 = "libx264" in av.codecs_available
        rate = Fraction(frame_rate_hz).limit_denominator(1001)
        stream = container.add_stream("libx264" if h264 else "mpeg4", rate=rate)
        for time_s, image in frames:
            annotated = annotator.annotated(time_s, image)
            if start_s is None:
                start_s = time_s
                stream.height, stream.width = annotated.shape[:2]
                stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, constants.TICKS_HZ)
                if h264:
                    stream.options = {"crf": "23", "preset": "veryfast"}
                else:
                    stream.bit_rate = constants.MPEG4_BIT_RATE
            encoded = av.VideoFrame.from_ndarray(annotated, format="rgb24")
            encoded.pts = round((time_s - start_s) * constants.TICKS_HZ)
            encoded.time_base = Fraction(1, constants.TICKS_HZ)
            container.mux(stream.encode(encoded))
        container.mux(stream.encode(None))
