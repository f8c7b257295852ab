"""How the page looks, and what it does: it asks nobody for anything."""

from importlib.resources import files


def style() -> str:
    """Light and dark as the reader's system says; from 360 px on, and on paper."""
    return _text("page.css")


def script(*, live: bool) -> str:
    """Sorts the tables by a click or a key on a head, and filters the tasks; without it the page says the same.

    `live`: it asks whoever served the page for the newest one, and for nothing else."""
    return _text("page.js") + (_text("live.js") if live else "")


def _text(name: str) -> str:
    return (files("batchctl.render.report") / name).read_text(encoding="utf-8")


HATCH = (
    '<svg width=0 height=0 aria-hidden=true style="position:absolute;min-width:0;width:0"><defs>'
    '<pattern id=hatch width=6 height=6 patternUnits=userSpaceOnUse patternTransform="rotate(45)">'
    '<path d="M0 0V6" style="stroke:var(--bad);stroke-width:5"/></pattern></defs></svg>'
)
"""How failed tasks look."""

KEY = (
    '<p class="key soft"><svg viewBox="0 0 24 13"><rect class=s width=24 height=13 /></svg>succeeded'
    '<svg viewBox="0 0 24 13"><rect class=f width=24 height=13 /></svg>failed (hatched)'
    '<svg viewBox="0 0 24 13"><rect class=r width=24 height=13 /></svg>still running (outline)</p>'
)
"""What the marks of the timeline mean."""
