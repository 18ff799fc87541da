// The list of endpoints, and the form that adds or changes one.

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
            html`<div class="named"><a href=${endpointHref(one.id)}>${visible(one.name)}</a><${Outside} class="mute" text=${isRead(one) ? t.form.deliveries.pull : one.url} /></div>`,
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
    const add = can("subscriptions:write") && !user && html`<a class="button main" role="button" href="#/endpoints/new">${t.endpoints.add}</a>`;
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

// ---- The form.

const headerText = (headers) => Object.entries(JSON.parse(headers || "{}")).map(([name, value]) => `${name}: ${value}`).join("\n");

/** @return the headers, or a text that says what is wrong. */
function readHeaders(text) {
    const headers = {};
    for (const [i, line] of text.split("\n").entries()) {
        if (line.trim() === "") continue;
        const colon = line.indexOf(":");
        if (colon < 1) return t.form.headerWrong(i + 1);
        headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
    }
    return headers;
}

const draftOf = (subscription, eventType) => subscription
    ? { delivery: subscription.delivery ?? "push", name: subscription.name, url: subscription.url, eventType: subscription.eventType, filter: subscription.filter ?? "", headers: headerText(subscription.headers),
        maxRetryCount: String(subscription.maxRetryCount), rateLimit: subscription.rateLimit ? String(subscription.rateLimit) : "",
        timeoutSeconds: subscription.timeoutSeconds ? String(subscription.timeoutSeconds) : "" }
    : { delivery: "push", name: "", url: "", eventType, filter: "", headers: "", maxRetryCount: "9", rateLimit: "", timeoutSeconds: "" };

/** @return [what is sent, what is wrong by field] */
function readDraft(draft) {
    const wrong = {};
    const body = { delivery: draft.delivery, name: draft.name, eventType: draft.eventType, filter: draft.filter.trim() };
    if (isRead(draft)) return [body, wrong];
    body.url = draft.url.trim();
    for (const name of ["maxRetryCount", "rateLimit", "timeoutSeconds"]) {
        const text = draft[name].trim();
        if (text !== "" && !/^\d+$/.test(text)) wrong[name] = t.form.numberWrong;
        body[name] = text === "" ? null : Number(text);
    }
    body.headers = readHeaders(draft.headers);
    if (typeof body.headers === "string") wrong.headers = body.headers;
    return [body, wrong];
}

/** Tries a filter on an example, which is sent as it is written, or on the events of an endpoint. */
function FilterTrial({ id, filter, eventType, type }) {
    const r = t.form.trial;
    const [example, setExample] = useState(null);
    const known = useLoad(async () => type?.example === undefined ? "{}" : pretty((await loadType(type.name)).example), [type]);
    const shown = example ?? known.data ?? "{}";
    const [wrong, setWrong] = useState();
    const [result, setResult] = useState({});
    const ask = async (body) => {
        setWrong();
        setResult(await api.post("filters/test", body).catch((error) => ({ error: new Error(Object.values(error.errors ?? {}).flat().join(" ") || error.message) })));
    };
    const tryExample = async () => {
        try {
            JSON.parse(shown);
        } catch {
            return setWrong(r.notJson);
        }
        await ask(`{"filter":${JSON.stringify(filter)},"eventType":${JSON.stringify(eventType.includes("*") ? "" : eventType)},"payload":${shown}}`);
    };
    const { error, matches, conditions, matched, of } = result;
    return html`<details class="trial"><summary>${r.title}</summary>
        <${Field} label=${r.example} hint=${r.exampleHint} error=${wrong}>${(given) =>
            html`<textarea ...${given} rows="4" spellcheck="false" value=${shown} onInput=${(event) => setExample(event.target.value)}></textarea>`}<//>
        <div class="buttons"><${Act} onDo=${tryExample}>${r.tryExample}<//>
            ${id && can("events:read") && html`<${Act} onDo=${() => ask({ filter, subscriptionId: id })}>${r.tryEvents}<//>`}</div>
        <div role="status">${error && html`<${Problem} error=${error} />`}
            ${of !== undefined && r.events(number(matched), of)}
            ${conditions && html`<strong>${matches ? r.matched : r.filtered}</strong>
                <ul>${conditions.map(({ text, value, result: is }) => html`<li><code>${visible(text)}</code> <${State} is=${r.results[is][0]}>${r.results[is][1]}<//>
                    <code class="mute">${visible(r.found(value))}</code></li>`)}</ul>`}</div></details>`;
}

/** @param eventType what is chosen at first in a new one */
function EndpointForm({ id, eventType }) {
    const given = useLoad(async () => {
        const [types, one] = await Promise.all([knownTypes(), id ? api.get(subscriptionPath(id)) : {}]);
        return { types, subscription: one.subscription };
    }, [id]);
    return html`<${Loaded} of=${given} lines=${8}>${({ types, subscription }) =>
        html`<${EndpointFields} types=${types} subscription=${subscription} eventType=${eventType} />`}<//>`;
}

function EndpointFields({ types, subscription, eventType = "*" }) {
    const f = t.form;
    const [draft, setDraft] = useState(() => draftOf(subscription, eventType));
    const [wrong, setWrong] = useState({});
    const [problem, setProblem] = useState(null);
    const [isBusy, setBusy] = useState(false);
    const [isAdvanced, setAdvanced] = useState(false);
    const form = useRef();
    const set = (name) => (value) => setDraft((before) => ({ ...before, [name]: value }));
    const reject = (errors) => {
        setWrong(errors);
        if (errors.headers || errors.maxRetryCount || errors.rateLimit || errors.timeoutSeconds) setAdvanced(true);
        setTimeout(() => form.current?.querySelector("[aria-invalid]")?.focus());
    };
    const save = async (event) => {
        event.preventDefault();
        setProblem(null);
        const [body, errors] = readDraft(draft);
        if (Object.keys(errors).length > 0) return reject(errors);
        setBusy(true);
        try {
            const answer = subscription ? await api.put(subscriptionPath(subscription.id), { subscription: body })
                                        : await api.post("subscriptions", { subscription: body });
            announce(f.saved(answer.subscription.name));
            location.hash = endpointHref(answer.subscription.id, subscription ? "" : "/created");
        } catch (error) {
            setBusy(false);
            const fields = Object.fromEntries(Object.entries(error.errors ?? {}).map(([name, texts]) =>
                [name.replace(/^subscription\.?/, "").replace(/[.[].*$/, ""), texts.join(" ")]));
            if (isOperator() && addressNotAllowed.test(fields.url)) fields.url += ` ${t.allowAddress}`;
            reject(fields);
            if (!Object.keys(fields).some((name) => name in draft)) setProblem(error);
        }
    };
    const described = types.find(({ name }) => name === draft.eventType);
    return html`<${Head} title=${subscription ? f.editTitle(subscription.name) : f.addTitle} back=${subscription ? [endpointHref(subscription.id), subscription.name] : ["#/endpoints", t.endpoints.title]} />
        <form class="sheet" ref=${form} onSubmit=${save} novalidate>
            <${Text} label=${f.name} hint=${f.nameHint} value=${draft.name} onInput=${set("name")} error=${wrong.name} autocomplete="off" required />
            ${!subscription && html`<${Select} label=${f.delivery} hint=${f.deliveryHints[draft.delivery]} value=${draft.delivery} onInput=${set("delivery")} error=${wrong.delivery} options=${Object.entries(f.deliveries)} />`}
            ${!isRead(draft) && html`<${Text} label=${f.url} hint=${f.urlHint} type="url" value=${draft.url} onInput=${set("url")} error=${wrong.url} placeholder="https://example.com/webhooks" autocomplete="off" required />`}
            <${Select} label=${f.type} hint=${described?.description ? visible(described.description) : f.typeHint} value=${draft.eventType} onInput=${set("eventType")} error=${wrong.eventType} options=${typeOptions(types, subscription?.eventType ?? draft.eventType)} />
            <${ChosenType} types=${types} name=${draft.eventType} onChoose=${set("eventType")} />
            <${Field} label=${f.filter} hint=${f.filterHint} error=${wrong.filter}>${(given) =>
                html`<textarea ...${given} rows="2" spellcheck="false" value=${draft.filter} onInput=${(event) => set("filter")(event.target.value)}></textarea>`}<//>
            ${draft.filter.trim() && can("subscriptions:read") && html`<${FilterTrial} id=${subscription?.id} filter=${draft.filter.trim()} eventType=${draft.eventType} type=${described} />`}
            ${!isRead(draft) && html`<details open=${isAdvanced} onToggle=${(event) => setAdvanced(event.target.open)}><summary>${f.advanced}</summary>
                <${Field} label=${f.headers} hint=${f.headersHint} error=${wrong.headers}>${(attributes) =>
                    html`<textarea ...${attributes} rows="3" spellcheck="false" value=${draft.headers} onInput=${(event) => set("headers")(event.target.value)}></textarea>`}<//>
                <div class="row"><${Text} label=${f.retries} hint=${f.retriesHint} inputmode="numeric" value=${draft.maxRetryCount} onInput=${set("maxRetryCount")} error=${wrong.maxRetryCount} />
                <${Text} label=${f.rate} hint=${f.rateHint} inputmode="numeric" value=${draft.rateLimit} onInput=${set("rateLimit")} error=${wrong.rateLimit} />
                <${Text} label=${f.timeout} hint=${f.timeoutHint} inputmode="numeric" value=${draft.timeoutSeconds} onInput=${set("timeoutSeconds")} error=${wrong.timeoutSeconds} /></div></details>`}
            ${problem && html`<${Problem} error=${problem} />`}
            <div class="buttons"><button class="main" disabled=${isBusy}>${f.save}</button>
                <a class="button" href=${subscription ? endpointHref(subscription.id) : "#/endpoints"}>${t.cancel}</a></div></form>`;
}
