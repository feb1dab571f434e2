"""The first way of drawing swims, independent of ketaflow's own simulation and not used for tuning.

Bodies are textured ellipses with paddles, strokes are bursts, floating animals drift, breathe, twitch and sway their
tails; the scene has other glass, other light, other ripples than ketaflow's own drawing. Truth is the schedule.
"""

from fractions import Fraction

import av
import numpy as np

STATES = ("immobility", "swimming", "climbing")
DEFAULTS = {
    "width": 640, "height": 480, "fps": 25.0, "codec": "libx264", "options": {"crf": "23", "preset": "ultrafast"},
    "cylinders": 2, "body": 60, "water": 150, "room": 175, "noise": 3.0, "ripple": 8.0, "flicker": 0.0, "drift": 0.0,
    "mirror": 0.3, "zoom": 1.0, "length": 0.38, "stroke_hz": 4.0, "stroke": 1.0, "speed": 0.8, "twitch": 0.3, "seed": 0,
    "tilt": 0.0, "drop": 0.0, "glass": -60, "bit_rate": None, "release_s": 3.0, "removed_s": None, "pix_fmt": "yuv420p",
    "gap_s": None, "texture": 12.0, "float_speed": 0.05,
}  # fmt: skip


def schedule(rng, start_s, stop_s, still_share, climb_share=0.25, mean_s=6.0):
    """Alternating stretches from start to stop: [(state, start, stop)]."""
    parts, now, still = [], start_s, False
    while now < stop_s:
        share = still_share if still else 1 - still_share
        long = max(1.6, rng.gamma(2.0, mean_s * share))
        end = stop_s if now + long > stop_s - 1.6 else now + long
        state = "immobility" if still else ("climbing" if rng.random() < climb_share and end - now > 2 else "swimming")
        parts.append((state, now, end))
        now, still = end, not still
    return parts


def wander(t, hz, rng):
    total = np.zeros_like(t)
    for _ in range(4):
        total += np.sin(2 * np.pi * hz * rng.uniform(0.3, 1.4) * t + rng.uniform(0, 6.3)) / 2
    return total


def follow(t, parts, one, rng, left, right):
    """Pose arrays of an animal: x, y (lengths of body from the surface), pitch, facing, paddles (n, 4), tail."""
    L = one["length_px"]
    weight = {s: np.zeros_like(t) for s in STATES}
    for state, a, b in parts:
        weight[state] += np.clip(np.minimum((t - a) / 0.2 + 0.5, (b - t) / 0.2 + 0.5), 0, 1)
    swim, climb, still = weight["swimming"], weight["climbing"], weight["immobility"]
    dt = np.gradient(t)
    x, facing = np.zeros_like(t), np.ones_like(t)
    at, way, face = rng.uniform(left + 0.5 * L, right - 0.5 * L), 1.0, 1.0
    lanes = wander(t, 0.4, rng)
    floating = one["float_speed"] * L * wander(t, 0.1, rng)
    for i in range(len(t)):
        move = one["speed"] * L * (0.7 + 0.3 * lanes[i]) * swim[i] * way + floating[i] * still[i]
        move += climb[i] * one["speed"] * L * way
        at += move * dt[i]
        if not left + 0.35 * L <= at <= right - 0.35 * L:
            at = float(np.clip(at, left + 0.35 * L, right - 0.35 * L))
            if swim[i] > 0.5:
                way = -way
        face += np.clip(way - face, -6 * dt[i], 6 * dt[i])
        x[i], facing[i] = at, face
    vigour = one["stroke"] * (0.75 + 0.25 * wander(t, 0.6, rng))
    phase = 2 * np.pi * np.cumsum(one["stroke_hz"] * (1 + 0.2 * wander(t, 0.3, rng)) * dt)
    paddles = np.stack([(0.55 * swim + 0.75 * climb) * vigour * np.sin(phase + k) for k in (0, np.pi, 2.2, 5.0)], 1)
    for k in range(4):  # a floating animal moves a paw now and then to keep its balance
        twitch = np.zeros_like(t)
        for moment in np.arange(rng.uniform(0, 8), t[-1], 9.0) + rng.uniform(-3, 3):
            twitch += np.exp(-(((t - moment) / 0.25) ** 2)) * np.sin(2 * np.pi * 1.5 * (t - moment))
        paddles[:, k] += one["twitch"] * twitch * still
    bob = 0.025 * wander(t, 0.35, rng) + 0.02 * (swim + climb) * np.sin(phase)
    y = 0.1 + bob - 0.22 * climb
    pitch = 0.35 * still + 0.15 * swim + 1.25 * climb + 0.07 * wander(t, 0.25, rng)
    tail = 0.5 * wander(t, 0.2, rng) + 0.4 * (swim + climb) * np.sin(0.5 * phase)
    return x, y, pitch, facing, paddles, tail


def ellipse(picture, cx, cy, rx, ry, angle, level, strength=1.0, texture=0.0, walls=None):
    reach = max(rx, ry) + 2
    y0, y1 = max(int(cy - reach), 0), min(int(cy + reach) + 2, picture.shape[0])
    x0, x1 = max(int(cx - reach), walls[0] if walls else 0), min(int(cx + reach) + 2, walls[1] if walls else 10**6)
    if y0 >= y1 or x0 >= x1:
        return
    ys, xs = np.ogrid[y0:y1, x0:x1]
    c, s = np.cos(angle), np.sin(angle)
    u, v = ((xs - cx) * c + (ys - cy) * s) / rx, (-(xs - cx) * s + (ys - cy) * c) / ry
    d = np.sqrt(u * u + v * v)
    cover = np.clip((1 - d) * min(rx, ry) + 0.5, 0, 1) * strength
    here = picture[y0:y1, x0:x1]
    here += cover * (level + texture * np.sin(5 * u + 3 * v) - here)


def draw_body(picture, pose, i, one, surface, level, walls):
    x, y, pitch, facing, paddles, tail = (p[i] for p in pose)
    L = one["length_px"]
    f = np.sign(facing) * max(abs(facing), 0.4) if facing else 0.4
    cy = surface + y * L

    def place(a, b):
        u, v = a * np.cos(pitch) + b * np.sin(pitch), -a * np.sin(pitch) + b * np.cos(pitch)
        return x + u * f * L, cy + v * L

    def part(a, b, rx, ry, angle, shade=0.0):
        px, py = place(a, b)
        turned = np.arctan2(np.sin(angle - pitch), np.cos(angle - pitch) * f)
        narrow = max(abs(f), 0.4) if abs(np.cos(angle - pitch)) > 0.7 else 1.0
        ellipse(
            picture,
            px,
            py,
            max(rx * L * narrow, 0.6),
            max(ry * L, 0.6),
            turned,
            level + shade,
            1.0,
            one["texture"],
            walls,
        )

    for k, (a, b, base) in enumerate([(0.2, 0.12, 1.5), (0.12, 0.13, 1.8), (-0.25, 0.12, 1.4), (-0.3, 0.12, 1.8)]):
        angle = base + paddles[k]
        part(a + 0.1 * np.cos(angle), b + 0.1 * np.sin(angle), 0.13, 0.045, angle, 12)
    for k in range(4):
        angle = np.pi - 0.2 + tail * (0.4 + 0.25 * k)
        part(-0.48 - 0.12 * k * np.cos(0.3 * tail), 0.05 + 0.05 * k * tail, 0.08, 0.022, angle, 15)
    part(-0.1, 0.0, 0.36, 0.2, 0.0)
    part(0.3, -0.04, 0.17, 0.12, -0.1)
    part(0.28, -0.15, 0.05, 0.05, 0.0)


def make(path, parts_by_cylinder, duration_s, **changes):
    """Write a video; returns the boxes of the cylinders (left, right, top, bottom, water)."""
    s = {**DEFAULTS, **changes}
    rng = np.random.default_rng(s["seed"])
    W, H, n = s["width"], s["height"], s["cylinders"]
    t = np.arange(round(duration_s * s["fps"])) / s["fps"]
    pitch = W / (n + 0.4)
    wide = 0.7 * min(pitch, 0.8 * H) * s["zoom"]
    boxes = []
    for k in range(n):
        mid = W / 2 + (k - (n - 1) / 2) * pitch
        boxes.append((mid - wide / 2, mid + wide / 2, 0.1 * H, 0.93 * H, (0.45 + 0.02 * rng.uniform(-1, 1)) * H))
    ys, xs = np.mgrid[:H, :W].astype(np.float32)
    empty = s["room"] + 12 * np.sin(xs / W * 3) + 10 * ys / H
    empty[ys > 0.95 * H] -= 50
    for left, right, top, bottom, water in boxes:
        surface = water + s["tilt"] * (xs - (left + right) / 2)
        inside = (xs > left) & (xs < right) & (ys > top) & (ys < bottom)
        empty = np.where(inside & (ys > surface), s["water"] + 0.1 * (empty - s["room"]), empty)
        empty += np.where(inside, 35 * np.exp(-(((ys - surface) / (0.004 * H + 0.7)) ** 2)), 0)
        for wall in (left, right):
            empty += np.where(
                (ys > top) & (ys < bottom), s["glass"] * np.exp(-(((xs - wall) / (0.003 * W + 0.6)) ** 2)), 0
            )
        empty += np.where((xs > left) & (xs < right), s["glass"] * np.exp(-(((ys - bottom) / 2) ** 2)), 0)
    one = {**s, "length_px": s["length"] * wide}
    poses = [follow(t, p, one, rng, b[0], b[1]) if p else None for p, b in zip(parts_by_cylinder, boxes, strict=True)]
    noise = rng.normal(0, s["noise"], (H + 50, W + 50)).astype(np.float32)
    waves = [(rng.uniform(0.5, 2.5), rng.uniform(0.02, 0.09), rng.uniform(0, 6)) for _ in range(3)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(s["codec"], rate=Fraction(s["fps"]).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = W, H, s["pix_fmt"]
        stream.options = s["options"] if s["codec"] == "libx264" else {}
        stream.codec_context.thread_count = 1
        if s["bit_rate"] or s["codec"] not in ("libx264", "rawvideo"):
            stream.bit_rate = s["bit_rate"] or 2_500_000
        kept = rng.random(len(t)) >= s["drop"]
        for i, now in enumerate(t):
            if not kept[i] or (s["gap_s"] and s["gap_s"][0] <= now < s["gap_s"][1]):
                continue
            picture = empty.copy()
            for parts, box, pose in zip(parts_by_cylinder, boxes, poses, strict=True):
                walls = (int(box[0]) + 1, int(box[1]))
                rows = slice(int(box[4] - 0.02 * H), int(box[4] + 0.03 * H))
                cols = np.arange(*walls)
                wave = sum(np.sin(2 * np.pi * hz * now + k * cols + p) for hz, k, p in waves) * s["ripple"] / 3
                depth = np.exp(-(((np.arange(rows.start, rows.stop) - box[4]) / (0.01 * H)) ** 2))
                picture[rows, walls[0] : walls[1]] += depth[:, None] * wave
                if pose and parts[0][1] <= now < min(parts[-1][2], s["removed_s"] or 1e9):
                    x = pose[0][i]
                    surface = box[4] + s["tilt"] * (x - (box[0] + box[1]) / 2)
                    if s["mirror"]:
                        ellipse(picture, x, surface + 0.3 * one["length_px"], 0.3 * one["length_px"],
                                0.08 * one["length_px"], 0, s["body"], s["mirror"], walls=walls)  # fmt: skip
                    draw_body(picture, pose, i, one, surface, s["body"], walls)
                if pose and -1.2 < now - parts[0][1] < 0.8:
                    mid = (box[0] + box[1]) / 2
                    low = box[4] * (1 - abs(now - parts[0][1]) / 1.4)
                    picture[: int(low), int(mid - 0.12 * wide) : int(mid + 0.12 * wide)] = 0.4 * s["room"] + 60
            picture *= (1 + s["drift"] * now / duration_s) * (1 + s["flicker"] * np.sin(2 * np.pi * 100.3 * now))
            a, b = rng.integers(0, 50, 2)
            picture = np.clip(picture + noise[a : a + H, b : b + W], 0, 255).astype(np.uint8)
            container.mux(stream.encode(frame_of(picture, s, i, stream)))
        container.mux(stream.encode(None))
    return boxes


def frame_of(picture, s, i, stream):
    if s["pix_fmt"] == "pal8":
        grey = np.arange(256, dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(
            (picture, np.stack([np.full(256, 255, np.uint8), grey, grey, grey], 1)), "pal8"
        )
    else:
        planes = np.full((picture.shape[0] * 3 // 2, picture.shape[1]), 128, np.uint8)
        planes[: len(picture)] = picture
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts, frame.time_base = i, 1 / stream.codec_context.framerate
    return frame
