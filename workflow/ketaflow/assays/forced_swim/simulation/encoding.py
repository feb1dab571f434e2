"""Encode simulated frames as a video file, by the codec and pixel format of the scene."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ketaflow.assays.forced_swim.simulation import constants
from ketaflow.assays.forced_swim.simulation.room import SceneTruth


def encode_video(frames: Iterable[tuple[float, np.ndarray]], path: Path, scene: SceneTruth) -> None:
    """Write frames with their times as a video.

    Parameters
    ----------
    frames : iterable of (float, (height, width) uint8)
        Times (seconds) and grey levels.
    path : Path
        The file; its ending decides the container.
    scene : SceneTruth
        Encoder, frame rate and size.
    """
    import av

    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(scene.codec, rate=Fraction(scene.fps).limit_denominator(1000))
        stream.width, stream.height = scene.width_px // 2 * 2, scene.height_px // 2 * 2
        stream.pix_fmt = "pal8" if scene.codec == "rawvideo" else "yuv420p"
        if scene.codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "23"}
            stream.codec_context.gop_size = constants.GOP_FRAMES
        elif scene.codec != "rawvideo":
            stream.bit_rate = constants.VIDEO_BIT_RATE
        stream.codec_context.thread_count = 1
        for time_s, image in frames:
            frame = video_frame(image[: stream.height, : stream.width], stream.pix_fmt)
            frame.pts = round(time_s * float(stream.codec_context.framerate))
            frame.time_base = 1 / stream.codec_context.framerate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def video_frame(image: np.ndarray, pixel_format: str) -> Any:
    """Make a frame of PyAV from a grey image.

    Parameters
    ----------
    image : (height, width) uint8
        Grey levels; both sides even.
    pixel_format : str
        ``pal8`` or ``yuv420p``.

    Returns
    -------
    av.VideoFrame
        Frame of the same size; colour planes of ``yuv420p`` are neutral.
    """
    import av

    if pixel_format == "pal8":
        greys = np.arange(256, dtype=np.uint8)
        palette = np.stack([np.full(256, 255, np.uint8), greys, greys, greys], axis=1)
        pair: Any = (image, palette)
        return av.VideoFrame.from_ndarray(pair, format="pal8")
    height, width = image.shape
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = image
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")
