// Three charts, drawn as SVG: they take their colours from the theme, and each has its figures as a table.

const chart = { width: 560, height: 180, left: 60, bottom: 22, top: 8 };
const measureCharts = () => (chart.width = innerWidth < 720 ? 320 : 560);

/** A round and even number at or above the greatest value. */
function ceiling(max) {
    if (max <= 2) return 2;
    const power = 10 ** Math.floor(Math.log10(max));
    return [1, 2, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= max);
}

function Axes({ max, format, buckets, step, x }) {
    const y = (part) => chart.height - chart.bottom - part * (chart.height - chart.bottom - chart.top);
    const every = Math.max(1, Math.ceil(buckets.length / (chart.width / 90)));
    return html`<g class="axes" aria-hidden="true">${[0, 0.5, 1].map((part) => html`<g>
            <line x1=${chart.left} x2=${chart.width} y1=${y(part)} y2=${y(part)} />
            <text x=${chart.left - 8} y=${y(part) + 4} text-anchor="end">${format(max * part)}</text></g>`)}
        ${buckets.map((bucket, i) => i % every === 0 && i < buckets.length - every / 2 &&
            html`<text x=${x(i)} y=${chart.height - 4}>${shortTime(new Date(bucket.start), step)}</text>`)}</g>`;
}

const scaleX = (buckets) => (i) => chart.left + (i / buckets.length) * (chart.width - chart.left);

function Bars({ series }) {
    const { buckets, stepSeconds } = series;
    const max = ceiling(Math.max(...buckets.map((bucket) => bucket.attempts)));
    const x = scaleX(buckets);
    const scale = (chart.height - chart.bottom - chart.top) / max;
    const width = Math.max(1, (chart.width - chart.left) / buckets.length - 1);
    const floor = chart.height - chart.bottom;
    return html`<svg viewBox="0 0 ${chart.width} ${chart.height}" role="img" aria-label=${t.endpoint.charts.attempts}>
        <${Axes} max=${max} format=${(n) => number(Math.round(n))} buckets=${buckets} step=${stepSeconds} x=${x} />
        ${buckets.map((bucket, i) => html`<g><title>${`${dateAndTime(new Date(bucket.start))}: ${bucket.delivered} / ${bucket.failed}`}</title>
            <rect class="good" x=${x(i)} width=${width} y=${floor - bucket.delivered * scale} height=${bucket.delivered * scale} />
            <rect class="bad" x=${x(i)} width=${width} y=${floor - bucket.attempts * scale} height=${bucket.failed * scale} /></g>`)}</svg>`;
}

const isAlone = (buckets, i, name) => buckets[i].latencyMs[name] !== null
    && (buckets[i - 1]?.latencyMs[name] ?? null) === null && (buckets[i + 1]?.latencyMs[name] ?? null) === null;

function Lines({ series }) {
    const { buckets, stepSeconds } = series;
    const max = ceiling(Math.max(1, ...buckets.map((bucket) => bucket.latencyMs.p99 ?? 0)));
    const x = scaleX(buckets);
    const y = (value) => chart.height - chart.bottom - (value / max) * (chart.height - chart.bottom - chart.top);
    const half = (chart.width - chart.left) / buckets.length / 2;
    const path = (name) => {
        let isDown = false;
        return buckets.map((bucket, i) => {
            const value = bucket.latencyMs[name];
            if (value === null) return (isDown = false), "";
            const command = `${isDown ? "L" : "M"}${(x(i) + half).toFixed(1)} ${y(value).toFixed(1)}`;
            isDown = true;
            return command;
        }).join("");
    };
    return html`<svg viewBox="0 0 ${chart.width} ${chart.height}" role="img" aria-label=${t.endpoint.charts.latency}>
        <${Axes} max=${max} format=${(ms) => (ms === 0 ? "0" : milliseconds(ms))} buckets=${buckets} step=${stepSeconds} x=${x} />
        ${["p99", "p95", "p50"].map((name) => html`<g class="line ${name}"><path d=${path(name)} />${buckets.map((bucket, i) =>
            isAlone(buckets, i, name) && html`<circle cx=${x(i) + half} cy=${y(bucket.latencyMs[name])} r="3" />`)}</g>`)}</svg>`;
}

function Spark({ series }) {
    const max = Math.max(1, ...series.buckets.map((bucket) => bucket.attempts));
    const width = 96 / series.buckets.length;
    return html`<svg class="spark" viewBox="0 0 96 24" aria-hidden="true">${series.buckets.map((bucket, i) => html`<g>
        <rect class="good" x=${i * width} width=${width - 0.8} y=${24 - (bucket.delivered / max) * 24} height=${(bucket.delivered / max) * 24} />
        <rect class="bad" x=${i * width} width=${width - 0.8} y=${24 - (bucket.attempts / max) * 24} height=${(bucket.failed / max) * 24} /></g>`)}
        <line x1="0" x2="96" y1="23.5" y2="23.5" /></svg>`;
}

const ranges = { "24h": [86400, "1h"], "7d": [7 * 86400, "1h"], "30d": [30 * 86400, "1d"] };
const seriesParameters = (range) => ({ from: new Date(Date.now() - ranges[range][0] * 1000).toISOString(), step: ranges[range][1] });

/** Attempts and response times of a period. @param path whose series */
function Charts({ path, parameters }) {
    const [range, setRange] = useState("24h");
    measureCharts();
    const series = useLoad(async () => (await api.get(path, { ...seriesParameters(range), ...parameters })).series, [path, range], true);
    const c = t.endpoint.charts;
    const legend = (names) => html`<ul class="legend">${names.map(([name, tone]) => html`<li class=${tone}>${name}</li>`)}</ul>`;
    return html`<section class="charts"><div class="choice" role="group" aria-label=${c.range}>${Object.entries(c.ranges).map(([key, name]) =>
            html`<button type="button" class="small" aria-pressed=${range === key} onClick=${() => setRange(key)}>${name}</button>`)}</div>
        <${Loaded} of=${series} lines=${6}>${(data) => data.buckets.every((bucket) => bucket.attempts === 0)
            ? html`<p class="mute">${c.empty}</p>`
            : html`${!data.isComplete && html`<p class="mute">${c.partial}</p>`}
                <div class="pair"><figure><figcaption>${c.attempts}${legend([[c.delivered, "good"], [c.failed, "bad"]])}</figcaption><${Bars} series=${data} /></figure>
                <figure><figcaption>${c.latency}${legend([[c.p50, "p50"], [c.p95, "p95"], [c.p99, "p99"]])}</figcaption><${Lines} series=${data} /></figure></div>
                <details><summary>${c.table}</summary><${Table} label=${c.attempts} columns=${[c.time, c.attempts, c.delivered, c.failed, c.p50, c.p95, c.p99]} numeric=${[1, 2, 3, 4, 5, 6]}
                    rows=${data.buckets.filter((bucket) => bucket.attempts > 0).map((bucket) => ({ key: bucket.start, cells: [
                        html`<${Time} at=${bucket.start} />`, number(bucket.attempts), number(bucket.delivered), number(bucket.failed),
                        milliseconds(bucket.latencyMs.p50), milliseconds(bucket.latencyMs.p95), milliseconds(bucket.latencyMs.p99)] }))} /></details>`}<//></section>`;
}
