// Event types, and the operator's pages.

function EventTypes() {
    const types = useLoad(async () => (await api.get("event-types")).eventTypes, []);
    return html`<${Head} title=${t.types.title} lead=${t.types.lead} /><${Loaded} of=${types}>${(data) => data.length === 0 ? html`<${Empty} text=${t.types.empty} />`
        : html`<${Table} label=${t.types.title} columns=${t.types.columns} rows=${data.map((type) => ({ key: type.name, cells: [
            html`<code>${visible(type.name)}</code>`, visible(type.description)] }))} />`}<//>`;
}

const overviewValue = { bytes, oldestDueSeconds: seconds, kind: visible };
const perSecond = (n) => (n < 10 ? n.toFixed(1) : number(Math.round(n)));

function Overview() {
    const o = t.overview;
    const overview = useLoad(async () => (await api.get("overview")).overview, []);
    useRefresh(true, overview.reload);
    const group = (title, values, format) => html`<section class="card"><h2>${title}</h2><dl class="settings">${Object.entries(values).map(([name, value]) =>
        html`<div><dt>${o.names[name] ?? name}</dt><dd>${(format ?? overviewValue[name] ?? number)(value)}</dd></div>`)}</dl></section>`;
    return html`<${Head} title=${o.title} /><${Loaded} of=${overview} lines=${8}>${(data) => html`
        <div class="cards">${group(o.subscriptions, data.subscriptions)}${group(o.queue, data.queue)}${group(o.perSecond, data.perSecond, perSecond)}${group(o.storage, data.storage)}</div>
        <${Charts} path="stats/series" />
        <section><h2>${o.workers}</h2><${Workers} workers=${data.workers} /></section>
        <p class="mute">${o.version} ${visible(data.version)} · ${o.users}: ${number(data.users)}</p>`}<//>`;
}

const Workers = ({ workers }) => html`<${Table} label=${t.overview.workers} columns=${t.overview.columns} numeric=${[5, 6]} rows=${workers.map((worker) => ({ key: worker.id, cells: [
    html`<span class="facts"><span>${worker.id}</span><${State} is=${worker.isLive ? "active" : "failing"}>${worker.isLive ? t.overview.live : t.overview.gone}<//></span>`,
    visible(worker.host ?? t.none), visible(worker.version ?? t.none), html`<${Time} at=${worker.startedAt} />`, html`<${Time} at=${worker.heartbeatAt} relative />`,
    number(worker.inFlight), number(worker.inMemory)] }))} />`;

function Failing() {
    const f = t.failing;
    const list = useLoad(() => api.get("subscriptions", { filter: "isActive eq true and failingSince ne null", sort: "failingSince", take: 100 }), []);
    return html`<${Head} title=${f.title} lead=${f.lead} /><${Loaded} of=${list}>${(data) => data.subscriptions.length === 0 ? html`<${Empty} text=${f.empty} />`
        : html`<${Table} label=${f.title} columns=${f.columns} rows=${data.subscriptions.map((one) => ({ key: one.id, cells: [
            html`<div class="named"><a href=${endpointHref(one.id)}>${visible(one.name)}</a><${Outside} class="mute" text=${one.url} /></div>`,
            html`<a href=${`#/users/${encodeURIComponent(one.userId)}`}>${visible(one.userId)}</a>`, html`<${Time} at=${one.failingSince} />`,
            html`<code>${visible(one.eventType)}</code>`] }))} />`}<//>`;
}

function Users() {
    const u = t.users;
    const [pages, setPages] = useState([null]);
    const after = pages[pages.length - 1];
    const list = useLoad(async () => (await api.get("users", { after, take: 50 })).users, [after]);
    return html`<${Head} title=${u.title} /><${Loaded} of=${list}>${(data) => data.length === 0 ? html`<${Empty} text=${u.empty} />`
        : html`<${Table} label=${u.title} columns=${u.columns} numeric=${[1, 2, 3, 4]} rows=${data.map((user) => ({ key: user.userId, cells: [
            html`<a href=${`#/users/${encodeURIComponent(user.userId)}`}>${visible(user.userId)}</a>`, number(user.subscriptions), number(user.active), number(user.failing), number(user.waiting)] }))} />
            <div class="pages">${pages.length > 1 && html`<button type="button" onClick=${() => setPages([null])}>${t.newer}</button>`}
            ${data.length === 50 && html`<button type="button" onClick=${() => setPages([...pages, data[49].userId])}>${t.more}</button>`}</div>`}<//>`;
}
