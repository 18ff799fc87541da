// What was sent to an endpoint: the list, and one event with its attempts.

function statusOf(event) {
    if (event.isSuccess) return "delivered";
    if (event.nextRetryAt || event.errorMessage === null) return "waiting";
    if (event.errorMessage.startsWith("cancelled:")) return "cancelled";
    if (event.errorMessage.startsWith("expired:")) return "expired";
    return "failed";
}

const isOver = "isSuccess eq false and nextRetryAt eq null and errorMessage ne null";
const statusFilters = {
    delivered: "isSuccess eq true",
    waiting: "isSuccess eq false and (nextRetryAt ne null or errorMessage eq null)",
    failed: `${isOver} and not startswith(errorMessage,'cancelled:') and not startswith(errorMessage,'expired:')`,
    cancelled: `${isOver} and startswith(errorMessage,'cancelled:')`,
    expired: `${isOver} and startswith(errorMessage,'expired:')`,
};

/** Loads again every few seconds while something changes and someone looks. */
function useRefresh(isNeeded, reload) {
    useEffect(() => {
        if (!isNeeded) return;
        const timer = setInterval(() => document.visibilityState === "visible" && reload(true), 5000);
        return () => clearInterval(timer);
    }, [isNeeded, reload]);
}

/** When an event is sent next: not before its endpoint's pause ends. */
function NextAttempt({ event, subscription }) {
    if (!event.nextRetryAt) return t.none;
    if (event.blockedBy) return html`${t.delivery.behind} <a href=${endpointHref(subscription.id, `/deliveries/${event.blockedBy}`)}>${event.blockedBy}</a>`;
    const due = new Date(event.nextRetryAt);
    const isPaused = subscription.pausedUntil && new Date(subscription.pausedUntil) > Math.max(due, Date.now());
    if (isPaused) return t.deliveries.afterPause(html`<${Time} at=${subscription.pausedUntil} relative />`);
    return due < Date.now() ? t.deliveries.now : html`<${Time} at=${event.nextRetryAt} relative />`;
}

function Deliveries({ subscription }) {
    const d = t.deliveries;
    const [status, setStatus] = useState("all");
    const [type, setType] = useState("");
    const [period, setPeriod] = useState("all");
    const [pages, setPages] = useState([null]);
    const after = pages[pages.length - 1];
    const known = useLoad(knownTypes, []);
    const since = useMemo(() => period === "all" ? null : new Date(Date.now() - Number(period) * 1000).toISOString(), [period]);
    const filter = allOf([statusFilters[status] && `(${statusFilters[status]})`, type && `eventType eq ${quoted(type)}`, since && `createdAt ge ${since}`]);
    const list = useLoad(() => api.get(subscriptionPath(subscription.id, "/events"), {
        filter, sort: "id desc", take: 50, after, count: false, // A busy endpoint has millions.
        select: "id,eventType,statusCode,errorMessage,isSuccess,retryCount,nextRetryAt,createdAt,sentAt" }), [subscription.id, filter, after]);
    useRefresh(list.data?.events.some((event) => statusOf(event) === "waiting"), list.reload);
    const choose = (set) => (value) => {
        set(value);
        setPages([null]);
    };
    return html`<div class="filters">
            <${Select} label=${d.status} value=${status} onInput=${choose(setStatus)} options=${Object.entries(d.statuses)} />
            <${Select} label=${d.type} value=${type} onInput=${choose(setType)} options=${[["", d.allTypes], ...grouped(known.data ?? []).map(([group, members]) => [visible(group), members.map(({ name }) => [name, name])]), ["webhook.test", "webhook.test"]]} />
            <${Select} label=${d.period} value=${period} onInput=${choose(setPeriod)} options=${Object.entries(d.periods).sort(([a], [b]) => (a === "all" ? -1 : b === "all" ? 1 : a - b))} /></div>
        <${Loaded} of=${list} lines=${10}>${(data) => data.events.length === 0
            ? (filter ? html`<p class="mute">${d.noneFound}</p>` : html`<${Empty} title=${d.emptyTitle} text=${d.empty} />`)
            : html`<${Table} label=${d.title} columns=${d.columns} numeric=${[4, 5]} rows=${data.events.map((event) => ({ key: event.id, cells: [
                html`<a href=${endpointHref(subscription.id, `/deliveries/${event.id}`)}>${event.id}</a>`,
                html`<code>${visible(event.eventType)}</code>`,
                html`<${State} is=${statusOf(event)} />`,
                html`<${Time} at=${event.createdAt} />`,
                event.statusCode ?? t.none,
                event.sentAt ? number(event.retryCount + 1) : t.none,
                html`<${NextAttempt} event=${event} subscription=${subscription} />`] }))} />
            <${Pages} total=${null} rows=${data.events} size=${50} pages=${pages} onPages=${setPages} />`}<//>`;
}

// ---- One event.

/** What a person can do about a failure. */
function explanation(attempt) {
    const d = t.delivery;
    if (attempt.outcome === "delivered") return null;
    const code = attempt.statusCode;
    if (code) return d.codes[code] ?? d.codes[Math.floor(code / 100)];
    return d.explain.find(([pattern]) => pattern.test(attempt.errorMessage ?? ""))?.[1];
}

const attemptState = { delivered: "delivered", retry: "failed", exhausted: "failed", cancelled: "cancelled", expired: "expired" };

function Attempt({ attempt }) {
    const d = t.delivery;
    const row = (name, value) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
    const phases = Object.entries(attempt.phasesMs ?? {}).filter(([, ms]) => ms !== null);
    const headers = Object.entries(attempt.responseHeaders ?? {});
    const why = explanation(attempt);
    return html`<li class=${looks[attemptState[attempt.outcome]][1]}><div class="attempt-head"><h3>${d.attempt(attempt.number)}</h3>
            <${State} is=${attemptState[attempt.outcome]} />${attempt.statusCode && html`<code>${attempt.statusCode}</code>`}
            <${Time} at=${attempt.sentAt} /><span class="mute">${milliseconds(attempt.durationMs)}</span></div>
        ${attempt.errorMessage && html`<p class="why"><strong>${visible(attempt.errorMessage)}</strong>${why && html` ${why}`}</p>`}
        <dl class="settings">
            ${attempt.address && row(d.address, html`<code>${visible(attempt.address)}</code>`)}
            ${phases.length > 0 && row(d.took, phases.map(([name, ms]) => `${d.phases[name]} ${milliseconds(ms)}`).join(" · "))}
            ${headers.length > 0 && row(d.headers, html`<ul class="plain">${headers.map(([name, value]) => html`<li><code>${visible(name)}: ${visible(value)}</code></li>`)}</ul>`)}</dl>
        ${attempt.response && html`<details><summary>${d.body}</summary><${Code} label=${d.body} text=${attempt.response} />${attempt.response.length >= 4096 && html`<p class="mute">${d.bodyCut}</p>`}</details>`}</li>`;
}

const shownBytes = 64 * 1024;

function Payload({ event }) {
    const d = t.delivery;
    const [isRaw, setRaw] = useState(false);
    const isCut = event.payload.length > shownBytes;
    const text = isCut ? event.payload.slice(0, shownBytes) : event.payload;
    const shown = useMemo(() => (isRaw ? text : pretty(text)), [text, isRaw]);
    return html`<section><div class="title"><h2>${d.payload}</h2><div class="choice buttons" role="group" aria-label=${d.payload}>
            <button type="button" class="small" aria-pressed=${!isRaw} onClick=${() => setRaw(false)}>${d.pretty}</button>
            <button type="button" class="small" aria-pressed=${isRaw} onClick=${() => setRaw(true)}>${d.raw}</button>
            <${CopyButton} text=${event.payload} /><button type="button" class="quiet small" onClick=${() => download(event.payload, `event-${event.id}.txt`)}>${d.download}</button></div></div>
        <${Code} label=${d.payload} text=${shown} copied=${null} />${isCut && html`<p class="mute">${d.cut(shownBytes / 1024)}</p>`}</section>`;
}

function Delivery({ subscription, event: id }) {
    const d = t.delivery;
    const path = subscriptionPath(subscription.id, `/events/${id}`);
    const one = useLoad(async () => (await api.get(path)).event, [path]);
    const [isRemoving, setRemoving] = useState(false);
    useRefresh(one.data && statusOf(one.data) === "waiting", one.reload);
    const list = endpointHref(subscription.id, "/deliveries");
    const resend = async () => {
        await api.post(`${path}/retry`);
        announce(d.resent(id));
        one.reload(true);
    };
    const remove = async () => {
        await api.delete(path);
        announce(d.removed(id));
        location.hash = list;
    };
    const [removeTitle, removeText] = t.confirm.removeEvent(id);
    const headers = Object.keys(JSON.parse(subscription.headers || "{}"));
    return html`<${Loaded} of=${one} lines=${8}>${(event) => html`
        <div class="title"><h2>${t.deliveries.event(event.id)}</h2><div class="buttons">${can("events:send") && html`<${Act} class="main" onDo=${resend}>${d.resend}<//>
            <button type="button" onClick=${() => setRemoving(true)}>${d.remove}</button>`}</div></div>
        <p class="facts"><${State} is=${statusOf(event)} /><code>${visible(event.eventType)}</code><${Time} at=${event.createdAt} />
            ${event.nextRetryAt && !event.blockedBy && html`<span>${d.next}: <${NextAttempt} event=${event} subscription=${subscription} /></span>`}
            ${event.orderingKey && html`<span>${d.key}: <code>${visible(event.orderingKey)}</code>${event.blockedBy && html` ${d.behind} <a href=${`${list}/${event.blockedBy}`}>${event.blockedBy}</a>`}</span>`}</p>
        <section><h2>${d.attempts}</h2>${event.attempts.length === 0 ? html`<p class="mute">${d.noAttempts}</p>`
            : html`<ol class="timeline">${[...event.attempts].reverse().map((attempt) => html`<${Attempt} key=${attempt.number} attempt=${attempt} />`)}</ol>`}</section>
        ${event.isPayloadGone ? html`<section><h2>${d.payload}</h2><p class="mute">${d.payloadGone}</p></section>` : html`<${Payload} event=${event} />`}
        <section><h2>${d.request}</h2><p class="mute">${d.requestHint}</p>
            ${subscription.updatedAt > event.createdAt && html`<p class="facts"><${Icon} name="warning" /><span>${d.changedSince(html`<${Time} at=${subscription.updatedAt} />`)}</span></p>`}<${Code} label=${d.request} text=${
            [`POST ${subscription.url}`, "content-type: application/json", "webhook-id: …", "webhook-timestamp: …", "webhook-signature: …", ...headers.map((name) => `${name}: ••••`)].join("\n")} /></section>`}<//>
        ${isRemoving && html`<${Confirm} title=${removeTitle} text=${removeText} action=${d.remove} isGrave onDo=${remove} onClose=${() => setRemoving(false)} />`}`;
}
