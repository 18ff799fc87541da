// What was sent to an endpoint. modules/delivery.js shows one event with its attempts.

function statusOf(event) {
    if (event.isSuccess) return event.sentAt ? "delivered" : "available";
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

/** Loads again while something changes and someone looks: every five seconds. @param first milliseconds until the first time; doubled each time */
function useRefresh(isNeeded, reload, first = 5000) {
    useEffect(() => {
        if (!isNeeded) return;
        let timer;
        const after = (delay) => (timer = setTimeout(() => {
            if (document.visibilityState === "visible") reload(true);
            after(Math.min(5000, delay * 2));
        }, delay));
        after(first);
        return () => clearTimeout(timer);
    }, [isNeeded, reload]);
}

/** When an event is sent next: not before its endpoint's pause ends. */
function NextAttempt({ event, subscription }) {
    if (event.blockedBy) return html`${t.deliveries.behind} <a href=${endpointHref(subscription.id, `/deliveries/${event.blockedBy}`)}>${event.blockedBy}</a>`;
    if (!event.nextRetryAt) return t.none;
    const due = new Date(event.nextRetryAt);
    const isPaused = subscription.pausedUntil && new Date(subscription.pausedUntil) > Math.max(due, Date.now());
    if (isPaused) return t.deliveries.afterPause(html`<${Time} at=${subscription.pausedUntil} relative />`);
    return due < Date.now() ? t.deliveries.now : html`<${Time} at=${event.nextRetryAt} relative />`;
}

/** Goes to an event that is known by its id or by what a server received, whichever endpoint it was for. */
function FindEvent() {
    const d = t.deliveries;
    const [id, setId] = useState("");
    const [wrong, setWrong] = useState(null);
    const find = async (submitted) => {
        submitted.preventDefault();
        setWrong(null);
        try {
            const { event } = await api.get(`events/${encodeURIComponent(id.trim())}`);
            location.hash = endpointHref(event.webhookSubscriptionId, `/deliveries/${event.id}`);
        } catch (error) {
            setWrong([400, 404].includes(error.status) ? d.notFound : error.message);
        }
    };
    return html`<form class="find" onSubmit=${find}><${Text} label=${d.findBy} hint=${d.findHint} error=${wrong} value=${id} onInput=${setId} autocomplete="off" spellcheck="false" required />
        <button>${t.open}</button></form>`;
}

/** The log of an endpoint: what was sent to it, or what is in its feed. */
function Deliveries({ subscription }) {
    const d = t.deliveries;
    const isFeed = isRead(subscription);
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
        select: "id,eventType,statusCode,errorMessage,isSuccess,retryCount,nextRetryAt,createdAt,sentAt" }).catch((error) => {
            throw error.status === 503 && filter && !since ? new ApiError(503, d.tooLong) : error;
        }), [subscription.id, filter, after], true);
    useRefresh(list.data?.events.some((event) => statusOf(event) === "waiting"), list.reload);
    const seen = useRef([]);
    if (type) seen.current = [...seen.current, { eventType: type }];
    if (list.data) seen.current = [...new Map([...seen.current, ...list.data.events].map((event) => [event.eventType, event])).values()];
    const choose = (set) => (value) => {
        set(value);
        setPages([null]);
    };
    const cells = (event) => [
        html`<a href=${endpointHref(subscription.id, `/deliveries/${event.id}`)}>${event.id}</a>`,
        html`<code>${visible(event.eventType)}</code>`,
        ...(isFeed ? [] : [html`<${State} is=${statusOf(event)} />`]),
        html`<${Time} at=${event.createdAt} />`,
        ...(isFeed ? [] : [event.statusCode ?? t.none, event.sentAt ? number(event.retryCount + 1) : t.none, html`<${NextAttempt} event=${event} subscription=${subscription} />`])];
    return html`<div class="filters">
            ${!isFeed && html`<${Select} label=${d.status} value=${status} onInput=${choose(setStatus)} options=${Object.entries(d.statuses)} />`}
            <${Select} label=${d.type} value=${type} onInput=${choose(setType)} options=${[["", d.allTypes], ...deliveredTypes(known.data ?? [], subscription.eventType, seen.current).map((name) => [name, visible(name)])]} />
            <${Select} label=${d.period} value=${period} onInput=${choose(setPeriod)} options=${Object.entries(d.periods).sort(([a], [b]) => (a === "all" ? -1 : b === "all" ? 1 : a - b))} /></div>
        <${Details} summary=${d.find}>${() => html`<${FindEvent} />`}<//>
        <${Loaded} of=${list} lines=${10}>${(data) => data.events.length === 0
            ? (filter ? html`<p class="mute">${isFeed ? d.readNoneFound : d.noneFound}</p>` : html`<${Empty} title=${isFeed ? d.readEmptyTitle : d.emptyTitle} text=${isFeed ? d.readEmpty : d.empty} />`)
            : html`<${Table} label=${isFeed ? t.endpoint.tabs.events : d.title} isPaired columns=${isFeed ? d.readColumns : d.columns} numeric=${[4, 5]} rows=${data.events.map((event) => ({ key: event.id, cells: cells(event) }))} />
            <${Pages} total=${null} rows=${data.events} size=${50} pages=${pages} onPages=${setPages} />`}<//>`;
}
