# SPDX-License-Identifier: MIT
# The plot of docs/performance.md, as SVG: callbacks, instructions and bytes copied of the three loaders, one row a
# program, on logarithmic scales. Written by hand so that nothing has to be installed for it.

import math

WIDTH, LEFT, TOP, ROW, BAR = 1040, 250, 66, 30, 8
PANELS = (("callbacks", "callbacks", "floor-lazy"), ("instructions", "instructions", "floor-lazy"),
          ("bytes copied", "copied", "floor-cow"))
LOADERS = (("naive", "naive", "#c8553d"), ("libexec", "every", "#2a6f97"), ("floor", None, "#8a9a5b"))
GAP = 36


def text(x, y, words, size=11, anchor="start", weight="normal"):
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}"'
    return f"<text {place}>{words}</text>"


def bar(x, y, width, colour, words):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{BAR - 1}" fill="{colour}">'
            f"<title>{words}</title></rect>")


def panel(results, programs, left, width, title, figure, floor):
    values = {(loader, program): max(results.case(loader or floor, program, "small")[figure], 1)
              for _, loader, _ in LOADERS for program in programs}
    low = math.floor(math.log10(min(values.values())))
    high = math.ceil(math.log10(max(values.values())))
    bottom = TOP + ROW * len(programs)
    scale = width / (high - low)
    parts = [text(left, TOP - 26, title, 13, weight="bold")]
    for power in range(low, high + 1):
        x = left + (power - low) * scale
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom}" stroke="#ccc" stroke-width="0.7"/>')
        if (power - low) % 2 == 0 or high - low <= 4:
            parts.append(text(x, TOP - 10, f"10<tspan dy='-4' font-size='8'>{power}</tspan>", 10, "middle"))
    for row, program in enumerate(programs):
        for line, (name, loader, colour) in enumerate(LOADERS):
            value = values[loader, program]
            parts.append(bar(left, TOP + row * ROW + 2 + line * BAR, (math.log10(value) - low) * scale, colour,
                             f"{program}, {name}: {value:,}"))
    return parts


def draw(results, names):
    programs = results.programs()
    height = TOP + ROW * len(programs) + 20
    width = (WIDTH - LEFT - GAP * len(PANELS)) / len(PANELS)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif">',
             f'<rect width="{WIDTH}" height="{height}" fill="white"/>']
    for place, (name, _, colour) in enumerate(LOADERS):
        parts.append(bar(LEFT + place * 90, 12, 12, colour, name))
        parts.append(text(LEFT + place * 90 + 18, 20, name, 12))
    parts.append(text(8, 20, "One exec, 3 + 24 strings", 13, weight="bold"))
    for row, program in enumerate(programs):
        parts.append(text(LEFT - 10, TOP + row * ROW + 17, names[program], 11, "end"))
    for place, (title, figure, floor) in enumerate(PANELS):
        parts += panel(results, programs, LEFT + place * (width + GAP), width, title, figure, floor)
    return "\n".join(parts + ["</svg>"]) + "\n"
