#pragma once

#include <string_view>

namespace dedalus::runs_program {

/// The style of a page, light and dark.
inline constexpr std::string_view html_style = R"(
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #1c2430; --soft: #5d6878; --line: #dfe3e9;
  --even: #f4f6f9; --request: #3b6fd4; --tool: #2c9463; --wait: #d9951c; --bad: #cf3d3d; --code: #f2f4f7; }
@media (prefers-color-scheme: dark) { :root { --page: #14181f; --card: #1c222c; --ink: #e6eaf0; --soft: #98a3b3;
  --line: #323b48; --even: #20272f; --request: #6d9cf5; --tool: #4dba86; --wait: #e5ab45; --bad: #f07474;
  --code: #252d38; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 24px; margin: 0 12px 0 0; overflow-wrap: anywhere; unicode-bidi: isolate; }
h2 { font-size: 17px; margin: 30px 0 10px; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin-bottom: 14px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.badge { border-radius: 99px; padding: 1px 10px; font-size: 13px; border: 1px solid currentColor; color: var(--soft);
  white-space: nowrap; }
.badge.good { color: var(--tool); } .badge.bad { color: var(--bad); } .badge.wait { color: var(--wait); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 10px 20px; margin: 0 0 16px; }
.facts dt { color: var(--soft); font-size: 13px; } .facts dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 0; overflow-x: auto; } svg { display: block; min-width: 820px; width: 100%; height: auto; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; } svg .mark { fill: var(--soft); font-size: 11px; text-anchor: middle; }
svg .turn-name, svg .of-request { fill: var(--soft); } svg .label.failed { fill: var(--bad); }
svg .turn { fill: none; } svg .turn.even { fill: var(--even); } svg .grid { stroke: var(--line); }
svg .cut { fill: var(--soft); opacity: .13; } svg .queued { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 2 4; }
svg .bar.request { fill: var(--request); } svg .bar.tool { fill: var(--tool); } svg .bar.wait { fill: var(--wait); }
svg .bar.failed { fill: var(--bad); } svg .bar.lost { fill: var(--bad); opacity: .55; }
svg .bar.open { opacity: .6; stroke: var(--ink); stroke-dasharray: 3 3; }
svg .arrow { fill: none; stroke: var(--soft); stroke-width: 1.3; } svg .arrowhead { fill: var(--soft); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; color: var(--soft); font-size: 13px; margin: 10px 0 0; padding: 0; list-style: none; }
.legend i { display: inline-block; width: 18px; height: 10px; border-radius: 3px; margin-right: 6px; }
.legend .request { background: var(--request); } .legend .tool { background: var(--tool); }
.legend .wait { background: var(--wait); } .legend .failed { background: var(--bad); }
.legend .queued { height: 0; border-top: 2px dotted var(--soft); border-radius: 0; vertical-align: middle; }
.legend .cut { background: var(--soft); opacity: .25; }
.call { margin-top: 10px; } .call header { margin: 0 0 6px; } .call h3 { font-size: 15px; margin: 0; overflow-wrap: anywhere; unicode-bidi: isolate; }
.call ul { margin: 6px 0; padding-left: 20px; } .call div, .call details { margin-top: 8px; } .soft { color: var(--soft); }
pre { background: var(--code); border-radius: 6px; padding: 8px 10px; margin: 6px 0 0; white-space: pre-wrap;
  overflow-wrap: anywhere; font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; unicode-bidi: isolate; }
details summary { cursor: pointer; color: var(--soft); }
)";

}  // namespace dedalus::runs_program
