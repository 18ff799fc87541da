// The list of endpoints.

const endpointHref = (id, rest = "") => `#/endpoints/${id}${rest}`;
const subscriptionPath = (id, rest = "") => `subscriptions/${id}${rest}`;

/** Whether nothing is sent: its events are only read. */
const isRead = (subscription) => subscription.delivery === "pull";

/** The server counts by the same states (`SubscriptionState`). */
function stateOf(subscription) {
    if (!subscription.isActive) return "inactive";
    if (subscription.failingSince) return "failing";
    if (subscription.pausedUntil && new Date(subscription.pausedUntil) > Date.now()) return "paused";
    return "active";
}

/** @param now as in filters */
const stateFilters = (now) => ({
    inactive: "isActive eq false",
    failing: "isActive eq true and failingSince ne null",
    paused: `isActive eq true and failingSince eq null and pausedUntil gt ${now}`,
    active: `isActive eq true and failingSince eq null and (pausedUntil eq null or pausedUntil le ${now})`,
});

function EndpointState({ subscription }) {
    const state = stateOf(subscription);
    if (state === "failing") return html`<${State} is="failing">${t.failingFor(seconds((Date.now() - new Date(subscription.failingSince)) / 1000))}<//>`;
    if (state === "paused") return html`<${State} is="paused">${t.pausedUntil(html`<${Time} at=${subscription.pausedUntil} />`)}<//>`;
    return html`<${State} is=${state}>${state === "inactive" && t.inactive[subscription.deactivation?.reason]}<//>`;
}

const UserLink = ({ user }) => html`<a class="owner" href=${`#/users/${encodeURIComponent(user)}`}>${visible(user)}</a>`;

/** @param hasOwner whether each row says whose it is */
function EndpointTable({ subscriptions, hasOwner }) {
    const [first, ...rest] = t.endpoints.columns;
    const columns = hasOwner ? [first, t.endpoints.owner, ...rest] : [first, ...rest];
    const [days, setDays] = useState({});
    const attempts = (day) => day.series.buckets.reduce((sum, bucket) => sum + bucket.attempts, 0);
    const delivered = (day) => day.series.buckets.reduce((sum, bucket) => sum + bucket.delivered, 0);
    useEffect(() => {
        let isOver = false;
        if (can("events:read")) {
            for (const { id } of subscriptions.filter((one) => !isRead(one))) {
                inTurn(async () => {
                    if (isOver) return;
                    const series = await api.quiet(subscriptionPath(id, "/stats/series"), { ...seriesParameters("24h") });
                    // Unlike /stats it reads no attempts, of which a busy endpoint has many.
                    const waiting = await api.quiet(subscriptionPath(id, "/events"), { filter: statusFilters.waiting, take: 0 });
                    if (!isOver) setDays((before) => ({ ...before, [id]: { series: series.series, waiting: waiting.totalEventsCount } }));
                }).catch(() => {});
            }
        }
        return () => void (isOver = true);
    }, [subscriptions]);
    return html`<${Table} label=${t.endpoints.title} columns=${columns} numeric=${[columns.length - 2, columns.length - 1]} rows=${subscriptions.map((one) => {
        const day = days[one.id];
        return { key: one.id, cells: [
            html`<div class="named"><a href=${endpointHref(one.id)}>${visible(one.name)}</a><${Outside} class="mute" text=${isRead(one) ? t.endpoint.deliveries.pull : one.url} /></div>`,
            ...(hasOwner ? [html`<${UserLink} user=${one.userId} />`] : []),
            html`<${TypeName} name=${one.eventType} />`,
            html`<${EndpointState} subscription=${one} />`,
            day ? html`<${Spark} series=${day.series} />` : html`<span class="spark"></span>`,
            day && attempts(day) > 0 ? percent(delivered(day) / attempts(day)) : t.none,
            day ? number(day.waiting) : t.none,
        ] };
    })} />`;
}

/** Where endpoints take several pages, those that fail may be on another one. */
function FailingHint({ user, onShow }) {
    const count = useLoad(async () => (await api.get("subscriptions", { filter: allOf([stateFilters().failing, user && `userId eq ${quoted(user)}`]), take: 0 })).totalSubscriptionsCount, [user]);
    return count.data > 0 && html`<div class="banner bad"><${Icon} name="warning" /><div><strong>${t.endpoints.failing(count.data)}</strong><p>
        <button type="button" class="small" onClick=${onShow}>${t.endpoints.showFailing}</button></p></div></div>`;
}

function Endpoints({ user }) {
    const [search, setSearch] = useState("");
    const [state, setState] = useState("all");
    const [pages, setPages] = useState([null]);
    const after = pages[pages.length - 1];
    const isFiltered = search !== "" || state !== "all";
    const hasOwner = isOperator() && !user;
    const now = useMemo(() => new Date().toISOString(), [state]);
    const filter = allOf([
        search && `(${["name", "url", ...(hasOwner ? ["userId"] : [])].map((field) => `contains(tolower(${field}),${quoted(search.toLowerCase())})`).join(" or ")})`,
        stateFilters(now)[state], user && `userId eq ${quoted(user)}`]);
    const list = useLoad(async () => {
        await pause(search ? 200 : 0);  // While someone types, only the last text is searched for.
        return api.get("subscriptions", { filter, sort: "id desc", take: 25, after });
    }, [filter, after], true);
    const choose = (set) => (value) => {
        set(value);
        setPages([null]);
    };
    const add = can("subscriptions:write") && html`<a class="button main" role="button" href=${user ? `#/users/${encodeURIComponent(user)}/new` : "#/endpoints/new"}>${t.endpoints.add}</a>`;
    const isEmpty = list.data && list.data.totalSubscriptionsCount === 0 && !isFiltered;
    return html`<${Head} title=${user ? t.users.of(user) : t.endpoints.title} lead=${!user && (hasOwner ? t.endpoints.leadAll : t.endpoints.lead)} back=${user && ["#/users", t.users.title]}>${!isEmpty && add}<//>
        ${isEmpty ? html`<${Empty} title=${t.endpoints.emptyTitle} text=${t.endpoints.empty}>${add}<//>` : html`
        <div class="filters"><${Text} label=${hasOwner ? t.endpoints.searchAll : t.endpoints.search} type="search" value=${search} onInput=${choose(setSearch)} />
            <${Select} label=${t.endpoints.state} value=${state} onInput=${choose(setState)} options=${Object.entries(t.endpoints.states)} /></div>
        <${Loaded} of=${list} lines=${8}>${(data) => data.subscriptions.length === 0
            ? html`<p class="mute">${t.endpoints.noneFound}</p>`
            : html`${!isFiltered && data.totalSubscriptionsCount > data.subscriptions.length && html`<${FailingHint} user=${user} onShow=${() => choose(setState)("failing")} />`}
                <${EndpointTable} subscriptions=${data.subscriptions} hasOwner=${hasOwner} />
                <${Pages} total=${data.totalSubscriptionsCount} rows=${data.subscriptions} size=${25} pages=${pages} onPages=${setPages} />`}<//>`}`;
}

/** Pages by the id after which they begin: the hundredth takes as long as the first. */
/** @param total null where the rows were not counted */
function Pages({ total, rows, size, pages, onPages }) {
    if (rows.length < size && pages.length === 1) return null;
    const last = rows[rows.length - 1];
    return html`<div class="pages">${total !== null && html`<span class="mute">${t.of(number(rows.length), number(total))}</span>`}
        ${pages.length > 1 && html`<button type="button" onClick=${() => onPages([null])}>${t.newer}</button>`}
        ${rows.length === size && html`<button type="button" onClick=${() => onPages([...pages, last.id])}>${t.more}</button>`}</div>`;
}
