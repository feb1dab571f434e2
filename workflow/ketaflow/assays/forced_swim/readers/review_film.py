"""Short films of each animal for the reviewer.

In: a video and the regions of its cylinders. Out: one small film per cylinder, encoded as H.264 in memory. The video is
decoded again, and only around the time shown.
"""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from ketaflow.assays.forced_swim.readers import constants
from ketaflow.assays.forced_swim.readers.video import luma, open_video, rotated


def review_films(
    path: Path, regions_px: Sequence[tuple[float, float, float, float]], start_s: float, length_s: float
) -> list[bytes]:
    """Cut a film of each cylinder out of a video.

    Parameters
    ----------
    path : Path
        The video.
    regions_px : sequence of tuple of float
        Left, top, right, bottom of each cylinder (pixels of the video).
    start_s, length_s : float
        Beginning and length of the films (seconds of the video).

    Returns
    -------
    list of bytes
        An mp4 for each region. Empty without an encoder that browsers understand, or without frames at that time.
    """
    import av

    if not regions_px or "libx264" not in av.codecs_available:
        return []
    frames = _frames(path, start_s, start_s + length_s)
    return [_encoded([_cut(frame, region) for frame in frames]) for region in regions_px] if frames else []


def _frames(path: Path, start_s: float, stop_s: float) -> list[np.ndarray]:
    """Grey frames between two moments, at most ``FILM_RATE_HZ`` a second."""
    found: list[np.ndarray] = []
    due_s = start_s
    with open_video(path) as (container, stream):
        stream.thread_type = "AUTO"
        container.seek(int(max(start_s, 0) / stream.time_base), stream=stream, backward=True)
        for frame in container.decode(stream):
            if frame.time is None or frame.time < due_s - constants.FILM_SLACK_S:
                continue
            if frame.time >= stop_s:
                break
            found.append(rotated(luma(frame), frame))
            due_s += 1 / constants.FILM_RATE_HZ
    return found


def _cut(frame: np.ndarray, region_px: tuple[float, float, float, float]) -> np.ndarray:
    """A cylinder of a frame at the size of the film, both sides even."""
    from PIL import Image

    left, top, right, bottom = (round(value) for value in region_px)
    part = frame[max(top, 0) : bottom, max(left, 0) : right]
    factor = min(1.0, constants.FILM_HEIGHT_PX / part.shape[0])
    height, width = (max(2, round(size * factor / 2) * 2) for size in part.shape)
    return np.asarray(Image.fromarray(part).resize((width, height), Image.Resampling.BOX))


def _encoded(images: Sequence[np.ndarray]) -> bytes:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(constants.FILM_RATE_HZ).limit_denominator(100))
        stream.height, stream.width = images[0].shape
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(constants.FILM_CRF), "preset": "slow"}
        for image in images:
            frame = av.VideoFrame.from_ndarray(np.repeat(image[:, :, None], 3, axis=2), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()
