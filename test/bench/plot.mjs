// A bar for each client, with its least and most; readable on light and dark.

const escape = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);

export function plot(title, bars, digits) {
    const [left, width, step, top] = [150, 480, 26, 40];
    const height = top + bars.length * step + 10;
    const most = Math.max(...bars.map((bar) => bar.max));
    const x = (value) => (left + (value / most) * width).toFixed(1);
    const parts = bars.map(({ label, ours, median, min, max }, i) => {
        const y = top + i * step;
        const middle = y + step / 2 - 4;
        return `<text x="${left - 8}" y="${y + 14}" text-anchor="end">${escape(label)}</text>
<rect class="${ours ? "ours" : "bar"}" x="${left}" y="${y}" width="${(x(median) - left).toFixed(1)}" height="${step - 8}" rx="2"/>
<path class="range" d="M${x(min)} ${middle}H${x(max)}M${x(min)} ${middle - 4}v8M${x(max)} ${middle - 4}v8"/>
<text x="${Number(x(max)) + 8}" y="${y + 14}">${digits(median)}</text>`;
    });
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 ${height}" role="img" aria-label="${escape(title)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.bar { fill: #9aa4b2; }
.ours { fill: #0b7285; }
.range { stroke: #1f2328; fill: none; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.bar { fill: #57606a; }
.ours { fill: #3bc9db; }
.range { stroke: #e6edf3; }
}
</style>
<text class="title" x="8" y="22">${escape(title)}</text>
${parts.join("\n")}
</svg>
`;
}
