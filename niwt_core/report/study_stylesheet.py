"""The style of what only the report of a study has; colours are ``stylesheet``'s."""

STUDY = """
.st-figures{display:grid;grid-template-columns:repeat(4,1fr);gap:1rem 2rem;margin-top:2rem}
.st-figures div{border-top:2px solid var(--cyn-line);padding-top:.625rem}
.st-figures b{display:block;font:600 2.125rem/1.1 "Source Serif 4","Source Serif Pro",Georgia,serif;font-variant-numeric:lining-nums tabular-nums}
.st-figures div:first-child{border-color:var(--cyn-neuron)}
.st-figures span{font-weight:600}.st-figures small{display:block;color:var(--cyn-soft);font-size:.8125rem;line-height:1.4;margin-top:.125rem}
.st-plot{display:grid;grid-template-columns:3.25rem 1fr;row-gap:.25rem;margin:.5rem .5rem 0 0}
.st-plot p{margin:0;font-size:.8125rem;color:var(--cyn-soft)}.st-ylabel{grid-column:1/-1}.st-xlabel{grid-column:2;text-align:center}
.st-up,.st-across{position:relative;font-size:.8125rem;color:var(--cyn-soft);font-variant-numeric:tabular-nums}
.st-up span{position:absolute;right:.5rem;transform:translateY(50%);white-space:nowrap}
.st-across{grid-column:2;height:1.25rem}.st-across span{position:absolute;transform:translateX(-50%)}
.st-field{position:relative;height:19rem;border-left:1px solid var(--cyn-soft);border-bottom:1px solid var(--cyn-soft)}
.st-field svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
.st-field polyline{fill:none;stroke:currentColor;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.st-field .st-ink{color:var(--cyn-ink)}.st-field .st-seen{color:var(--cyn-seen)}.st-field .st-unseen{color:var(--cyn-unseen)}
.st-grid{position:absolute;left:0;right:0;border-top:1px solid var(--cyn-line)}
.st-upright{position:absolute;top:0;bottom:0;border-left:1.5px dashed var(--cyn-soft)}
.st-dot{position:absolute;width:.625rem;height:.625rem;margin:0 0 -.3125rem -.3125rem;background:currentColor;opacity:.8;
outline:1px solid var(--cyn-paper)}
.st-dot.st-seen{border-radius:50%}.st-dot.st-unseen{transform:rotate(45deg) scale(.9)}
.st-key{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;font-size:.875rem;margin:.75rem 0 0}.st-key b{font-variant-numeric:tabular-nums}
.st-rows{list-style:none;margin:0;padding:0}
.st-rows li{display:grid;grid-template-columns:minmax(11rem,17rem) 1fr 4rem 5rem;gap:.75rem;align-items:center;padding:.25rem 0}
.st-rows .st-head{color:var(--cyn-soft);font-size:.8125rem}.st-rows .st-head span:nth-child(n+3){text-align:right}
.st-rows .st-head span:nth-child(2){visibility:hidden}
.st-methods{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
.st-methods th{font-weight:400;font-size:.8125rem;color:var(--cyn-soft)}
.st-methods td,.st-methods th{padding:.375rem .5rem;text-align:right;border-bottom:1px solid var(--cyn-line)}
.st-methods td:first-child,.st-methods th:first-child{text-align:left;padding-left:0}.st-methods .st-own{font-weight:600}
.st-mistakes,.st-words{list-style:none;margin:0;padding:0;display:grid;gap:0 3rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr))}
.st-mistakes li{display:grid;grid-template-columns:auto 1fr auto;
gap:.875rem;align-items:center;padding:.625rem 0;border-top:1px solid var(--cyn-line)}
.st-mistakes img{width:56px;height:56px;object-fit:cover;border-radius:.5rem;display:block}
.st-pair{display:flex;gap:.25rem}.st-mistakes p{margin:0;line-height:1.35}
.st-words li{padding:.875rem 0;border-top:1px solid var(--cyn-line)}.st-words p{margin:0 0 .5rem;line-height:1.35}
.st-strip{display:grid;grid-template-columns:repeat(4,1fr);gap:.25rem}
.st-strip img{width:100%;aspect-ratio:1;object-fit:cover;display:block;border-radius:.375rem;background:var(--cyn-sunk)}
.st-stack{display:flex;height:1rem;border-radius:99px;overflow:hidden;gap:2px;margin:.25rem 0 0}
.st-stack i{display:block;min-width:2px;background:var(--cyn-neuron)}.st-stack .st-weak{opacity:.5}.st-stack .st-contested{opacity:.3}
.st-stack .st-unnamed{background:var(--cyn-line)}.st-stack .st-dead{background:var(--cyn-sunk);box-shadow:inset 0 0 0 1px var(--cyn-line)}
.st-swatch{display:inline-block;width:.75rem;height:.75rem;border-radius:.1875rem;margin-right:.375rem;background:var(--cyn-neuron)}
.st-swatch.st-weak{opacity:.5}.st-swatch.st-contested{opacity:.3}.st-swatch.st-unnamed{background:var(--cyn-line)}
.st-swatch.st-dead{background:var(--cyn-sunk);box-shadow:inset 0 0 0 1px var(--cyn-line)}
.st-command{background:var(--cyn-sunk);border-radius:.5rem;padding:.75rem 1rem;margin:0 0 1.25rem;overflow-wrap:anywhere}
h3.st-gap{margin:1.75rem 0 .5rem}details{margin-top:1rem}summary{cursor:pointer;padding:.375rem 0;font-weight:600}
@media (max-width:560px){.st-figures{grid-template-columns:1fr 1fr}.st-field{height:15rem}
.st-rows li{grid-template-columns:1fr 3.75rem 4.5rem;gap:.25rem .5rem;padding:.4375rem 0}.st-rows li>:first-child{grid-column:1/-1}
.st-rows .st-head span:first-child{display:none}.st-rows .st-head{font-size:.75rem}
.st-mistakes li{grid-template-columns:auto 1fr;row-gap:0}.st-mistakes .nr-number{grid-column:2;text-align:left}
.st-mistakes img{width:48px;height:48px}
.st-methods td,.st-methods th{padding:.375rem .25rem;font-size:.875rem}.st-methods td:first-child{overflow-wrap:anywhere}}
@media print{details>*{display:block}}
"""
