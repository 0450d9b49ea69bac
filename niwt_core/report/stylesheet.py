"""The style of ``fragments``, and of the report's page around them. Colours are variables: the app sets its own, the report those below."""

# The field guide's paper and ink; classes seen, unseen and built as everywhere. pages/components/style.py has the same.
LIGHT = {
    "seen": "#1d63b8", "unseen": "#a85a00", "built": "#0b7a5b", "neuron": "#7a2e5d", "ink": "#23272b", "soft": "#5c6167",
    "paper": "#fbf9f4", "card": "#ffffff", "sunk": "#f2eee4", "line": "#ddd6c8",
}  # fmt: skip
DARK = {
    "seen": "#78aeef", "unseen": "#f2a65a", "built": "#7fe0b8", "neuron": "#d78fbb", "ink": "#ece8e0", "soft": "#a9aeb4",
    "paper": "#15181c", "card": "#1b1f24", "sunk": "#1f242a", "line": "#363c44",
}  # fmt: skip

FRAGMENTS = """
.nr-ranking,.nr-neurons,.nr-words,.nr-counterfactual{list-style:none!important;margin:0!important;padding:0!important}
.nr-ranking li,.nr-neurons li,.nr-words li,.nr-counterfactual li{margin:0}
.nr-number{font-variant-numeric:tabular-nums;text-align:right;white-space:nowrap;font-size:.875rem;color:var(--cyn-ink)}
.nr-small,.nr-kind{font-size:.8125rem;color:var(--cyn-soft)}
.nr-none{color:var(--cyn-soft);margin:.5rem 0}
.nr-seen{color:var(--cyn-seen)}.nr-unseen{color:var(--cyn-unseen)}.nr-built{color:var(--cyn-built)}
.nr-chip{font-weight:600}.nr-chip i{font-style:normal}
.nr-bar{display:block;height:.5rem;border-radius:99px;background:var(--cyn-sunk);overflow:hidden}
.nr-bar i{display:block;height:100%;min-width:2px;border-radius:99px;background:currentColor}
.nr-unseen.nr-bar i{background:repeating-linear-gradient(115deg,currentColor 0 5px,color-mix(in srgb,currentColor 60%,var(--cyn-card)) 5px 8px)}
.nr-built.nr-bar i{background:radial-gradient(circle,color-mix(in srgb,currentColor 45%,var(--cyn-card)) 1.5px,currentColor 2px) 0 0/8px 8px}
.nr-bar.nr-for{color:var(--cyn-neuron)}
.nr-bar.nr-against i{background:none;border:1.5px solid var(--cyn-neuron);box-sizing:border-box}
.nr-bar.nr-lack i{background:none;border:1.5px solid var(--cyn-neuron);box-sizing:border-box}
.nr-rank{display:grid;grid-template-columns:1.5rem 1fr auto 3.5rem;column-gap:.5rem;row-gap:.25rem;
align-items:baseline;padding:.3125rem .5rem;border-radius:.5rem}
.nr-rank .nr-bar{grid-column:2/4;align-self:center}.nr-rank .nr-number{grid-column:4;grid-row:2}
.nr-rank .nr-kind{grid-column:3;grid-row:1}.nr-rank .nr-place{color:var(--cyn-soft);font-variant-numeric:tabular-nums;font-size:.875rem}
.nr-chosen{background:var(--cyn-sunk)}.nr-chosen .nr-bar{background:var(--cyn-paper)}
.nr-neuron{display:grid;grid-template-columns:64px 1fr;gap:.875rem;align-items:center;padding:.625rem 0;border-top:1px solid var(--cyn-line)}
.nr-neuron:first-child{border-top:0}.nr-neuron img{border-radius:.5rem;display:block;width:64px;height:64px;object-fit:cover}
.nr-neuron p{margin:0;line-height:1.35}.nr-unnamed{font-weight:400;font-style:italic;color:var(--cyn-soft)}
.nr-amount{display:grid;grid-template-columns:1fr 3.75rem;gap:.5rem;align-items:center;margin-top:.125rem!important}
.nr-trust{display:inline-block;margin-left:.5rem;font-size:.6875rem;line-height:1;font-weight:600;padding:.1875rem .4375rem;border-radius:99px;
border:1px solid var(--cyn-line);color:var(--cyn-soft);vertical-align:.125em}
.nr-trust.nr-verified{background:var(--cyn-neuron);border-color:var(--cyn-neuron);color:var(--cyn-paper)}
.nr-trust.nr-weak,.nr-trust.nr-contested{border-color:var(--cyn-neuron);color:var(--cyn-neuron)}
.nr-words li{display:grid;grid-template-columns:minmax(8rem,13rem) 1fr 4rem;gap:.75rem;align-items:center;padding:.3125rem 0}
.nr-counterfactual li{display:grid;grid-template-columns:minmax(9rem,16rem) 1fr 4rem;gap:.75rem;align-items:center;padding:.3125rem 0}
.nr-word{line-height:1.3}
.nr-sights{list-style:none!important;margin:0!important;padding:0!important;display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));
gap:.25rem 1rem}.nr-sights li{display:grid;grid-template-columns:1.25rem 1fr;margin:0;align-items:baseline}
.nr-sight-seen b{color:var(--cyn-built)}.nr-sight-not-seen b{color:var(--cyn-unseen)}.nr-sight-not-seen span{text-decoration:line-through}
.nr-sight-cannot-tell{color:var(--cyn-soft)}
.nr-track{position:relative;height:1.25rem;display:block}
.nr-track i{position:absolute;top:0;bottom:0}
.nr-zero{width:1px;background:var(--cyn-soft);top:-.375rem!important;bottom:-.375rem!important}
.nr-step{border-radius:.1875rem;background:color-mix(in srgb,var(--cyn-neuron) 45%,var(--cyn-card))}
.nr-start .nr-step,.nr-end .nr-step{background:var(--cyn-neuron)}
.nr-start .nr-word,.nr-end .nr-word{font-weight:600}
@media (max-width:560px){.nr-words li,.nr-counterfactual li{grid-template-columns:1fr 4rem}}
@media (max-width:560px){.nr-words .nr-word,.nr-counterfactual .nr-word{grid-column:1/-1}}
"""

PAGE = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--cyn-paper);color:var(--cyn-ink);
font:1rem/1.55 "Source Sans 3","Source Sans Pro",system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:60rem;margin:0 auto;padding:3rem 1.5rem 4rem}
h1,h2,h3{font-family:"Source Serif 4","Source Serif Pro",Georgia,"Times New Roman",serif;
font-weight:600;letter-spacing:-.01em;margin:0;text-wrap:balance}
h1{font-size:2.5rem;line-height:1.15}h2{font-size:1.5rem;line-height:1.25}h3{font-size:1.0625rem;line-height:1.4}
p{margin:0 0 .75rem}.kicker{font-size:.875rem;color:var(--cyn-soft);margin:0 0 .5rem}
.lead{font-size:1.1875rem;line-height:1.55;max-width:44rem;margin:.875rem 0 0}
.about{color:var(--cyn-soft);max-width:44rem;margin:.25rem 0 1rem}
section{margin-top:3rem;padding-top:1.5rem;border-top:1px solid var(--cyn-line)}
.plates{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:1.25rem;margin-top:2rem}
.plates.two,.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1.25rem 3rem}
figure{margin:0}figure img{width:100%;display:block;border-radius:.75rem;background:var(--cyn-sunk)}
figcaption{font-size:.875rem;color:var(--cyn-soft);margin-top:.5rem;line-height:1.4}figcaption b{color:var(--cyn-ink)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem;margin:0;font-size:.9375rem}dt{color:var(--cyn-soft)}
dd{margin:0;overflow-wrap:anywhere}code,pre{margin:0;white-space:pre-wrap;font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.narrow{max-width:44rem}
@media (max-width:560px){main{padding:2rem 1.125rem 3rem}h1{font-size:2rem}section{margin-top:2.25rem}
dl{grid-template-columns:1fr}dt{margin-top:.5rem}}
@media print{body{background:#fff}section{break-inside:avoid}}
"""


def variables() -> str:
    """Both palettes, chosen by the reader's own preference."""

    def block(colours: dict[str, str]) -> str:
        return ":root{" + "".join(f"--cyn-{name}:{value};" for name, value in colours.items()) + "}"

    return f"{block(LIGHT)}:root{{color-scheme:light dark}}@media (prefers-color-scheme:dark){{{block(DARK)}}}"


def page_style() -> str:
    """Everything that the report needs, to stand alone."""
    return variables() + PAGE + FRAGMENTS
