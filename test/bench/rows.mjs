// The rows of the table: what each client is asked to do. `goals` limit the ratio of `dedalus` to other clients, `limit`
// a value of its own: the median of the rounds, or each of them (`always`).

const decoders = ["dedalus", "floor_b", "curl", "go", "openai", "dedalus_labs"];
const all = [...decoders, "floor_a", "raw_tls"];
const concurrent = all.filter((name) => name !== "curl");

export function makeRows(servers, size) {
    return [
        {
            ...streamOf(size.chunks, size.streams),
            id: "stream_16k",
            title: "Stream, TLS records of 16 KiB",
            url: `${servers.nginx}/stream/v1`,
            warmUp: 1,
            clients: all,
            goals: { floor_b: 0.75, openai: 1 / 15, curl: 1 / 5 },
        },
        {
            ...streamOf(size.chunks, size.streams),
            id: "stream_records",
            title: "Stream, a TLS record for each event, many records a write",
            url: `${servers.events}/events/${size.chunks}/v1`,
            warmUp: 1,
            clients: all,
            goals: { floor_b: 0.6, openai: 1 / 8 },
        },
        {
            ...streamOf(size.chunks, 1),
            id: "stream_singles",
            title: "Stream, a TLS record and a write for each event",
            url: `${servers.events}/singles/${size.chunks}/v1`,
            warmUp: 0,
            clients: all,
            goals: { floor_b: 0.6, openai: 1 / 8 },
        },
        {
            id: "unary_warm",
            title: "Unary, warm connection",
            unit: "CPU µs per request",
            mode: "unary",
            url: `${servers.nginx}/unary/v1`,
            count: size.unary,
            warmUp: size.unary / 10,
            clients: all,
            sent: { unary: size.unary },
            items: size.unary,
            value: (r, row) => r.cpu_us / row.items,
            goals: { floor_b: 1.1 },
        },
        {
            id: "unary_cold",
            title: "Unary, a new connection each, resumption allowed",
            unit: "wall µs per request",
            mode: "unary",
            url: `${servers.cold}/v1`,
            count: size.cold,
            warmUp: size.cold / 10,
            clients: all,
            sent: { unary: size.cold },
            items: size.cold,
            value: (r, row) => r.wall_us / row.items,
            goals: { floor_b: 0.8 },
        },
        {
            id: "unary_cold_full",
            title: "Unary, a new connection each, full handshakes",
            unit: "wall µs per request",
            mode: "unary",
            url: `${servers.full}/v1`,
            count: size.cold,
            warmUp: size.cold / 10,
            clients: all,
            sent: { unary: size.cold },
            items: size.cold,
            value: (r, row) => r.wall_us / row.items,
        },
        ...manyStreams(servers, size.many, 100, size.window, concurrent, {
            ratio: { floor_b: 1 },
            p99: { raw_tls: 1.5 },
            kib: 45,
        }),
        ...manyStreams(servers, size.crowd, 1000, size.window, ["dedalus", "floor_b", "raw_tls"], { kib: 45, max: 50_000 }),
        ...size.growth.map((chunks) => growthRow(servers, chunks, Math.max(1, Math.round(size.chunks / chunks)))),
        {
            id: "start",
            title: "Process start to the answer and exit",
            unit: "wall ms",
            mode: "unary",
            url: `${servers.nginx}/unary/v1`,
            count: 1,
            warmUp: 0,
            clients: all,
            sent: { unary: 1 },
            starts: size.starts, // processes, each measured whole
            items: size.starts,
            value: (r, row) => r.wall_us / 1000 / row.items,
        },
    ];
}

// So many streams of so many chunks.
function streamOf(chunks, count) {
    return {
        unit: "CPU ns per chunk",
        mode: "stream",
        count,
        sent: { stream: chunks, times: count },
        items: chunks * count,
        value: (r, row) => (1000 * r.cpu_us) / row.items,
    };
}

// They become the bars of one row.
function growthRow(servers, chunks, count) {
    return {
        ...streamOf(chunks, count),
        id: `growth_${chunks}`,
        point: `${chunks} chunks`,
        url: `${servers.events}/blocks/${chunks}/v1`,
        warmUp: Math.max(1, Math.round(1000 / chunks)),
        clients: ["dedalus"],
    };
}

// One run, five rows of the table: CPU, memory, latency.
function manyStreams(servers, count, intervalMs, seconds, clients, goals) {
    const run = {
        run: `slow_${count}`,
        mode: "slow",
        url: `${servers.events}/slow/${intervalMs}/v1`,
        count,
        warmUp: seconds,
        clients,
        // Lost events show in their numbers; a stream that is served is not far behind either.
        fewest: Math.floor((0.8 * seconds * 1000) / intervalMs),
    };
    const title = `${count} slow streams, an event each ${intervalMs} ms`;
    return [
        { ...run, id: `slow_${count}_cpu`, title, unit: "CPU µs per event", value: (r) => r.cpu_us / r.items, goals: goals.ratio },
        { ...run, id: `slow_${count}_memory`, title, unit: "KiB per stream", value: (r) => r.kib_per_stream, limit: goals.kib },
        { ...run, id: `slow_${count}_p50`, title, unit: "median latency µs", value: (r) => r.p50_us },
        { ...run, id: `slow_${count}_p99`, title, unit: "p99 latency µs", value: (r) => r.p99_us, goals: goals.p99 },
        { ...run, id: `slow_${count}_max`, title, unit: "longest latency µs", value: (r) => r.max_us, limit: goals.max, always: true },
    ];
}
