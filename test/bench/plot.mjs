// A bar for each client, with its least and most; readable on light and dark.

const escape = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);

export function plot(title, bars, digits) {
    const [width, step, top] = [480, 26, 40];
    const left = 24 + 7 * Math.max(12, ...bars.map((bar) => bar.label.length)); // 7: a letter of this font, at most
    const height = top + bars.length * step + 10;
    const most = Math.max(...bars.map((bar) => bar.max));
    const x = (value) => (left + (value / most) * width).toFixed(1);
    const parts = bars.map(({ label, ours, median, min, max }, i) => {
        const y = top + i * step;
        const middle = y + step / 2 - 4;
        return `<text x="${left - 8}" y="${y + 14}" text-anchor="end">${escape(label)}</text>
<rect class="${ours ? "ours" : "bar"}" x="${left}" y="${y}" width="${(x(median) - left).toFixed(1)}" height="${step - 8}" rx="2"/>
${["outline", "range"].map((line) => `<path class="${line}" d="M${x(min)} ${middle}H${x(max)}M${x(min)} ${middle - 4}v8M${x(max)} ${middle - 4}v8"/>`).join("")}
<text x="${Number(x(max)) + 8}" y="${y + 14}">${digits(median)}</text>`;
    });
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 90} ${height}" role="img" aria-label="${escape(title)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.bar { fill: #9aa4b2; }
.ours { fill: #0b7285; }
.page { fill: #ffffff; }
.outline { stroke: #ffffff; stroke-width: 4; fill: none; }
.range { stroke: #1f2328; fill: none; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.bar { fill: #57606a; }
.ours { fill: #3bc9db; }
.page { fill: #0d1117; }
.outline { stroke: #0d1117; }
.range { stroke: #e6edf3; }
}
</style>
<rect class="page" width="100%" height="100%"/>
<text class="title" x="8" y="22">${escape(title)}</text>
${parts.join("\n")}
</svg>
`;
}
