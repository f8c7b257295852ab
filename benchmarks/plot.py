"""Lines on two axes from nothing up as SVG, in the colours of a light or a dark page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from xml.sax.saxutils import escape

Line = Sequence[tuple[float, float]]
WIDTH, HEIGHT, GAP = 960, 430, 14
LEFT, RIGHT, TOP, BOTTOM = 52, 128, 44, 42
"""Of each panel: what stands beside the plot itself; on the right the names of the lines."""
COLOURS = (
    ("#2563eb", "#7aa7ff"),
    ("#c2410c", "#ff9d5c"),
    ("#15803d", "#5fd38a"),
    ("#a21caf", "#e58bf0"),
    ("#0f766e", "#4fd1c5"),
    ("#59636e", "#9198a1"),
)
"""On a light and on a dark page; a line each."""
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 } .tick { font-size: 12px; fill: #59636e }
  .grid { stroke: #d1d9e0; stroke-width: 1 } .line { fill: none; stroke-width: 2 }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .tick { fill: #9198a1 } .grid { stroke: #3d444d } }
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot: `lines` by their names, each of points (x, y), neither below 0."""

    title: str
    unit: str
    lines: Mapping[str, Line]


@dataclass(frozen=True, slots=True)
class Scale:
    """From 0 to `most`, a multiple of `step`, laid on pixels from `begin` to `end`."""

    step: float
    most: float
    begin: float
    end: float

    def at(self, value: float) -> float:
        return self.begin + value / self.most * (self.end - self.begin)

    def ticks(self) -> list[float]:
        return [self.step * number for number in range(round(self.most / self.step) + 1)]


def svg(title: str, panels: Sequence[Panel]) -> str:
    """The whole picture, the panels side by side."""
    wide = (WIDTH - GAP * (len(panels) - 1)) / len(panels)
    parts = [part for at, one in enumerate(panels) for part in _panel(one, at * (wide + GAP), wide)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{escape(title)}">'
    )
    return "\n".join(
        [head, f"<title>{escape(title)}</title>", f"<style>{STYLE}{_colours()}</style>", *parts, "</svg>\n"]
    )


def _colours() -> str:
    light, dark = (
        "".join(f".c{at} {{ stroke: {pair[way]} }} .t{at} {{ fill: {pair[way]} }} " for at, pair in enumerate(COLOURS))
        for way in (0, 1)
    )
    return f"  {light}\n  @media (prefers-color-scheme: dark) {{ {dark}}}\n"


def _panel(panel: Panel, left: float, wide: float) -> Iterator[str]:
    points = [point for line in panel.lines.values() for point in line]
    across = _scale([x for x, _ in points], left + LEFT, left + wide - RIGHT, least=2)
    up = _scale([y for _, y in points], HEIGHT - BOTTOM, TOP, least=4)
    yield f'<text class="title" x="{left + LEFT:.0f}" y="24">{escape(panel.title)}</text>'
    for value in up.ticks():
        y = up.at(value)
        yield f'<path class="grid" d="M{across.begin:.1f} {y:.1f}H{across.end:.1f}"/>'
        yield f'<text class="tick" x="{across.begin - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>'
    for value in across.ticks():
        x = across.at(value)
        yield f'<path class="grid" d="M{x:.1f} {up.begin:.1f}V{up.end:.1f}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{up.begin + 18:.1f}" text-anchor="middle">{value:,.0f}</text>'
    yield f'<text class="tick" x="{across.begin - 8:.1f}" y="{TOP - 10}" text-anchor="end">{escape(panel.unit)}</text>'
    ends = _apart([up.at(line[-1][1]) for line in panel.lines.values()])
    for at, ((name, line), end) in enumerate(zip(panel.lines.items(), ends, strict=True)):
        drawn = "L".join(f"{across.at(x):.1f} {up.at(y):.1f}" for x, y in line)
        yield f'<path class="line c{at}" d="M{drawn}"/>'
        yield from (f'<circle class="t{at}" cx="{across.at(x):.1f}" cy="{up.at(y):.1f}" r="3"/>' for x, y in line)
        yield f'<text class="t{at}" x="{across.end + 10:.1f}" y="{end + 4:.1f}">{escape(name)}</text>'


def _scale(values: Sequence[float], begin: float, end: float, least: int) -> Scale:
    """`least` steps of 1, 2 or 5 and zeros, or some more."""
    power = 10.0 ** floor(log10(max(values) / least))
    step = power * max(factor for factor in (1, 2, 5) if factor * power * least <= max(values) * (1 + 1e-9))
    return Scale(step, step * ceil(max(values) / step - 1e-9), begin, end)


def _apart(places: Sequence[float], least: float = 16) -> list[float]:
    """The places, moved down where they would be over one another, and up again where that is below the plot."""
    moved, last = dict[int, float](), -least
    order = sorted(range(len(places)), key=places.__getitem__)
    for at in order:
        moved[at] = last = max(places[at], last + least)
    last = HEIGHT - BOTTOM + least
    for at in reversed(order):
        moved[at] = last = min(moved[at], last - least)
    return [moved[at] for at in range(len(places))]
