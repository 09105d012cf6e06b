"""The report of an evaluation as one page that needs nothing else."""

from typing import Any

from jinja2 import Environment, StrictUndefined

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{ d.agent }} on {{ d.suite.name }}</title>
<style>
:root{color-scheme:light dark;--line:#8884;--good:#1a7f37;--bad:#c1352b}
body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:1.8rem 0 .4rem}.sub{opacity:.7;margin:.2rem 0 1.5rem}
.big{font-size:2.4rem;font-weight:650;line-height:1.1}.cards{display:flex;flex-wrap:wrap;gap:1rem 3rem;margin-bottom:1.5rem}
.cards span{display:block;opacity:.7;font-size:.85rem}
.bar{position:relative;height:14px;border-radius:7px;background:#8883;margin:.5rem 0}
.bar i{position:absolute;top:0;bottom:0;background:#3b82f655;border-radius:7px}.bar b{position:absolute;top:-3px;width:3px;height:20px;background:#2563eb}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;font-size:.85rem;opacity:.7}.num{text-align:right;white-space:nowrap}.good{color:var(--good)}.bad{color:var(--bad)}
td.why{font-size:.85rem;overflow-wrap:anywhere}code{font-size:.85em}
</style></head><body>
<h1>{{ d.agent }} {{ d.agent_version }} on {{ d.suite.name }}</h1>
<p class="sub">{{ d.setting or "no particular setting" }} · {{ d.suite.tasks }} tasks &times; {{ d.repeat }} · suite <code>{{ d.suite.digest[:12] }}</code></p>
<div class="cards">
<div><div class="big">{{ "%.1f"|format(100*d.pass_rate) }} %</div><span>passed, {{ d.passed }} of {{ d.total }}</span></div>
<div><div class="big">{{ "%.0f"|format(d.seconds) }} s</div><span>of work{% if d.median_seconds is not none %}, median {{ "%.1f"|format(d.median_seconds) }} s{% endif %}</span></div>
<div><div class="big">${{ "%.3f"|format(d.money) }}</div><span>{{ "{:,}".format(d.tokens) }} tokens, {{ d.model_calls }} calls</span></div>
</div>
<div class="bar" aria-hidden="true">
<i style="left:{{ 100*d.interval.low }}%;right:{{ 100-100*d.interval.high }}%"></i><b style="left:calc({{ 100*d.pass_rate }}% - 1px)"></b></div>
<p class="sub">95 % interval: {{ '%.1f'|format(100*d.interval.low) }} to {{ '%.1f'|format(100*d.interval.high) }} %</p>
{% if d.failures %}<h2>Why not</h2><table><tr><th>cause</th><th class="num">trials</th></tr>
{% for cause, number in d.failures.items() %}<tr><td>{{ cause }}</td><td class="num">{{ number }}</td></tr>{% endfor %}</table>{% endif %}
<h2>Tasks</h2><table><tr><th>task</th><th class="num">passed</th><th class="num">time</th><th class="num">cost</th><th>why not</th></tr>
{% for t in d.tasks %}<tr><td>{{ t.name }}</td><td class="num {{ 'good' if t.solved else 'bad' }}">{{ t.passed }}/{{ t.total }}</td>
<td class="num">{{ "%.1f"|format(t.trials|sum(attribute="seconds")) }} s</td><td class="num">${{ "%.4f"|format(t.trials|sum(attribute="money")) }}</td>
<td class="why">{% for r in t.trials if r.cause %}{{ r.cause }}: {{ r.reason[:300] }} <code>{{ r.run }}</code><br>{% endfor %}</td></tr>
{% endfor %}</table></body></html>
"""


def written(document: dict[str, Any]) -> str:
    """Return the page of an evaluation's document; whatever trials said is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(_PAGE).render(d=document)
