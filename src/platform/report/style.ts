/** The sheet of every report: paper, ink, one seal; dark where the reader's screen is, light on paper. */
export const STYLE = `
:root{color-scheme:light dark;--page:#f6f4ee;--sheet:#fdfcf9;--sunken:#efece4;--ink:#1d1b18;--ink2:#48443d;--ink3:#655f55;--line:#e4dfd4;--line2:#cfc8ba;
--good:#2c6045;--risk:#7c5208;--bad:#b02d16;--gone:#5b564d;--link:#27497d;--plain:#27497d;--goodw:#e3eee6;--riskw:#f7ecd4;--badw:#fbece7}
@media (prefers-color-scheme:dark){:root{--page:#141311;--sheet:#1b1a17;--sunken:#100f0d;--ink:#ece7dd;--ink2:#c2bbae;--ink3:#9c9588;--line:#2d2a26;--line2:#413d37;
--good:#8fc6a4;--risk:#dfb765;--bad:#f28a73;--gone:#b0a99b;--link:#9fbbe6;--plain:#8fb0e0;--goodw:#18251d;--riskw:#2a2113;--badw:#271814}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 -apple-system,"Segoe UI","Hiragino Sans","Noto Sans JP","Noto Sans CJK JP","BIZ UDPGothic","Yu Gothic UI",Meiryo,sans-serif}
:lang(ja) body,body:lang(ja){line-height:1.7}
main{max-width:880px;margin:0 auto;padding:40px 44px 56px;background:var(--sheet);min-height:100vh}
header{border-bottom:2px solid var(--ink);padding-bottom:14px;margin-bottom:22px}
.kicker{margin:0;color:var(--ink3);font-size:13px;letter-spacing:.04em}
h1{margin:4px 0 6px;font:600 28px/1.25 "Hiragino Mincho ProN","Noto Serif JP","Noto Serif CJK JP","Yu Mincho","Iowan Old Style",Georgia,serif}
h2{margin:34px 0 10px;font-size:19px;border-bottom:1px solid var(--line2);padding-bottom:4px}
h3{margin:24px 0 6px;font-size:15.5px}
.made{margin:0;color:var(--ink3);font-size:13px}
.other{float:right;font-size:13px}
a{color:var(--link)}
p{margin:8px 0}
ul{padding-left:22px}li{margin:4px 0}
dl{margin:10px 0;display:grid;gap:4px 18px}
dl>div{display:grid;grid-template-columns:minmax(120px,200px) 1fr;gap:14px;border-bottom:1px solid var(--line);padding:3px 0}
dt{color:var(--ink3)}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:13.5px}
.wide{overflow-x:auto}
th{text-align:left;color:var(--ink3);font-weight:600;border-bottom:1px solid var(--line2);padding:5px 8px 5px 0;white-space:nowrap}
td{border-bottom:1px solid var(--line);padding:5px 8px 5px 0;vertical-align:top;overflow-wrap:anywhere}
.right{text-align:right;font-variant-numeric:tabular-nums}
.mono,pre{font-family:ui-monospace,"Cascadia Mono","Noto Sans Mono CJK JP","BIZ UDGothic",Consolas,monospace;font-size:12.5px}
pre{background:var(--sunken);padding:12px 14px;white-space:pre-wrap;overflow-wrap:anywhere;border-radius:4px}
.note{border-left:4px solid var(--line2);background:var(--sunken);padding:9px 14px}
.n-good{border-color:var(--good);background:var(--goodw)}.n-risk{border-color:var(--risk);background:var(--riskw)}.n-bad{border-color:var(--bad);background:var(--badw)}
.t-good{color:var(--good)}.t-risk{color:var(--risk)}.t-bad{color:var(--bad)}.t-gone{color:var(--gone)}
figure{margin:14px 0 18px;break-inside:avoid}
figcaption{font-weight:600;font-size:13.5px;margin-bottom:4px}
figure svg{width:100%;height:auto;display:block}
figure text{font-family:inherit}
details{font-size:13px;color:var(--ink2)}summary{cursor:pointer;color:var(--ink3)}
.f-plain{fill:var(--plain)}.f-good{fill:var(--good)}.f-risk{fill:var(--risk)}.f-bad{fill:var(--bad)}.f-gone{fill:var(--line2)}.f-label{fill:var(--ink3)}.f-target{fill:var(--ink2)}.f-axis{fill:var(--ink3)}
.s-grid{stroke:var(--line)}.s-axis{stroke:var(--ink3)}.s-target{stroke:var(--ink2)}.s-gone{stroke:var(--gone)}.hole{fill:none;stroke-width:1}
footer{margin-top:40px;border-top:1px solid var(--line2);padding-top:8px;color:var(--ink3);font-size:12.5px;overflow-wrap:anywhere}
@media (max-width:640px){main{padding:22px 16px}dl>div{grid-template-columns:1fr;gap:0}}
@media print{:root{color-scheme:light;--page:#fff;--sheet:#fff;--sunken:#f4f2ec;--ink:#1d1b18;--ink2:#48443d;--ink3:#655f55;--line:#e4dfd4;--line2:#cfc8ba;--good:#2c6045;--risk:#7c5208;--bad:#b02d16;--gone:#5b564d;--link:#27497d;--plain:#27497d;--goodw:#e3eee6;--riskw:#f7ecd4;--badw:#fbece7}
main{max-width:none;padding:0}body{font-size:10.5pt}details,.other{display:none}h2,h3{break-after:avoid}tr{break-inside:avoid}thead{display:table-header-group}@page{size:A4;margin:16mm}}
`
