"""Pictures for the demo's and the journey's entries: woven stripes of a few quiet colours, another pattern for each seed."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw

SIDE = 480
PALETTES = (
    ("#f4efe2", "#2f6b4f", "#b08d57", "#1d3a2f"),
    ("#faf6ee", "#8c5a2b", "#d9b36c", "#4a2f1b"),
    ("#eef3ee", "#3f7d6b", "#c7683c", "#23423a"),
    ("#f7f2e8", "#6b4f8c", "#c9a24b", "#35284a"),
)


def drawing(seed: int) -> bytes:
    """A PNG that resembles no other seed's."""
    chance = random.Random(seed)
    ground, *strands = PALETTES[seed % len(PALETTES)]
    image = Image.new("RGB", (SIDE, SIDE), ground)
    pen = ImageDraw.Draw(image)
    step = chance.choice((30, 40, 60))
    for top in range(0, SIDE, step):
        for left in range(0, SIDE, step):
            if chance.random() < 0.55:
                inset = chance.randrange(2, step // 3)
                box = (left + inset, top + inset, left + step - inset, top + step - inset)
                (pen.rectangle if chance.random() < 0.6 else pen.ellipse)(box, fill=chance.choice(strands))
    middle, half = (chance.randrange(SIDE // 3, 2 * SIDE // 3) for _ in range(2)), chance.randrange(60, 150)
    across, down = middle
    pen.ellipse((across - half, down - half, across + half, down + half), fill=strands[seed % 3])
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
