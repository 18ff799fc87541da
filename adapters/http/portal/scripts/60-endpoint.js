// One endpoint: its state, its charts, and what can be done with it.

async function showLatestFailure(id) {
    const { events } = await api.get(subscriptionPath(id, "/events"), { filter: "isSuccess eq false and sentAt ne null", sort: "id desc", take: 1, count: false, select: "id" });
    location.hash = endpointHref(id, events.length > 0 ? `/deliveries/${events[0].id}` : "/deliveries");
}

/** Whether what is published while it is deactivated is kept for a recovery: that depends on why it was. */
const isLogged = ({ deactivation }) => config.logWhileDeactivated?.includes(deactivation?.reason) ?? false;

/** @param isShort without what to do next */
function Banner({ subscription, isShort }) {
    const b = t.endpoint.banner;
    const state = stateOf(subscription);
    const reasons = { gone: b.gone, failing: b.failed, user: b.user };
    if (state === "active") return null;
    const [text, hint] =
        state === "failing" ? [b.failing(html`<${Time} at=${subscription.failingSince} />`), b.failingHint]
        : state === "paused" ? [b.paused(html`<${Time} at=${subscription.pausedUntil} />`), b.pausedHint]
        : [reasons[subscription.deactivation?.reason] ?? b.unknown, isRead(subscription) ? b.noNewEvents : isLogged(subscription) ? b.loggedHint : b.notLoggedHint];
    return html`<div class=${cx("banner", looks[state][1])}><${Icon} name=${looks[state][0]} /><div><strong>${text}</strong>${!isShort && html`<p>${hint}</p>`}
        ${!isShort && state === "failing" && can("events:read") && html`<${Act} class="small" onDo=${() => showLatestFailure(subscription.id)}>${b.latest}<//>`}</div></div>`;
}

/** Says what a retired type means for the endpoint that has it. */
function RetiredBanner({ subscription: { id, eventType } }) {
    const b = t.endpoint.banner;
    if (markOf(useType(eventType)) !== "retired") return null;
    return html`<div class="banner mute"><${Icon} name="off" /><div><strong>${b.retired(visible(eventType))}</strong>
        <p>${b.retiredHint}${can("subscriptions:write") && html` <a href=${endpointHref(id, "/edit")}>${t.endpoint.edit}</a>`}</p></div></div>`;
}

/** Of the last 24 hours. Statistics read each attempt: those of a busy endpoint come from its series. */
async function loadFigures(id) {
    const { series: { buckets } } = await api.get(subscriptionPath(id, "/stats/series"), { ...seriesParameters("24h"), step: "5m" });
    const sum = (name) => buckets.reduce((total, bucket) => total + bucket[name], 0);
    if (sum("attempts") < 100_000) return (await api.get(subscriptionPath(id, "/stats"))).stats;
    const waiting = await api.get(subscriptionPath(id, "/events"), { filter: statusFilters.waiting, take: 0 });
    return { attempts: sum("attempts"), successRate: sum("delivered") / sum("attempts"), waiting: waiting.totalEventsCount, filtered: sum("filtered"),
        lastFailure: buckets.findLast((bucket) => bucket.failed > 0)?.start };
}

function Figures({ subscription: { id, filter } }) {
    const f = t.endpoint.figures;
    const stats = useLoad(() => loadFigures(id), [id]);
    const figure = (name, value) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
    return html`<dl class="figures">${figure(f.attempts, number(stats.data?.attempts))}
        ${figure(f.rate, percent(stats.data?.successRate))}${figure(f.waiting, number(stats.data?.waiting))}
        ${filter && figure(f.filtered, number(stats.data?.filtered))}
        ${stats.data?.unjudged && figure(f.unjudged, number(stats.data.unjudged))}
        ${figure(f.last, stats.data?.lastFailure ? html`<${Time} at=${stats.data.lastFailure} relative />` : t.none)}</dl>`;
}

/** Of an endpoint that is only read: what is in its feed. A count of very many is left out. */
function ReadFigures({ subscription: { id, filter } }) {
    const f = t.endpoint.figures;
    const events = (parameters) => api.quiet(subscriptionPath(id, "/events"), { select: "id,createdAt", ...parameters }).catch(() => ({}));
    const ends = useLoad(async () => {
        const since = new Date(Date.now() - 86400_000).toISOString();
        const [day, newest, oldest, series] = await Promise.all([
            events({ filter: `createdAt ge ${since}`, take: 0 }), events({ sort: "id desc", take: 1, count: false }), events({ sort: "id", take: 1, count: false }),
            filter ? api.quiet(subscriptionPath(id, "/stats/series"), { ...seriesParameters("24h") }) : null]);
        return { day: day.totalEventsCount, newest: newest.events?.[0], oldest: oldest.events?.[0], filtered: series?.series.buckets.reduce((sum, bucket) => sum + bucket.filtered, 0) };
    }, [id]);
    const figure = (name, value) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
    const event = (name, one) => figure(name, one ? html`<a href=${endpointHref(id, `/deliveries/${one.id}`)}><${Time} at=${one.createdAt} relative /></a>` : t.none);
    return html`<dl class="figures">${figure(f.published, number(ends.data?.day))}${event(f.newest, ends.data?.newest)}${event(f.oldest, ends.data?.oldest)}
        ${filter && figure(f.filtered, number(ends.data?.filtered))}</dl>`;
}

/** @return what reads an endpoint's feed. @param rest parameters */
const feedRequest = (id, rest) => `curl -H "x-api-key: $KEY" "${new URL(config.apiBase + subscriptionPath(id, "/feed"), location.href).href}?${rest}"`;

/** The shortest way to the events of an endpoint that is only read. */
const ReadHint = ({ id }) => html`<section class="card"><h2>${t.endpoint.read}</h2><p>${t.endpoint.readText}</p><${Code} label=${t.endpoint.read} text=${feedRequest(id, "wait=30")} />
    <p><a href=${endpointHref(id, "/feed")}>${t.endpoint.readMore}</a></p></section>`;

function Settings({ subscription }) {
    const e = t.endpoint;
    const headers = Object.entries(JSON.parse(subscription.headers || "{}"));
    const row = (name, value) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
    const isSent = !isRead(subscription);
    return html`<section><h2>${e.details}</h2><dl class="settings">
        ${isSent ? row(e.url, html`<span class="secret"><${Outside} text=${subscription.url} /><${CopyButton} text=${subscription.url} /></span>`)
            : row(e.delivery, e.deliveries.pull)}
        ${row(e.type, html`<${TypeName} name=${subscription.eventType} />`)}
        ${subscription.filter && row(e.filter, html`<code>${visible(subscription.filter)}</code>`)}
        ${isSent && html`${row(e.secret, html`<${Secret} load=${async () => (await api.get(subscriptionPath(subscription.id))).subscription.secret} />`)}
        ${headers.length > 0 && row(e.headers, html`<ul class="plain">${headers.map(([name]) => html`<li><code>${visible(name)}: ••••</code></li>`)}</ul>`)}
        ${row(e.retries, number(subscription.maxRetryCount))}
        ${row(e.rate, subscription.rateLimit ? e.perSecond(number(subscription.rateLimit)) : e.noLimit)}
        ${row(e.timeout, subscription.timeoutSeconds ? e.seconds(subscription.timeoutSeconds) : e.byDefault)}`}
        ${isAdministrator() && row(e.owner, html`<${Outside} text=${subscription.userId} />`)}
        ${row(e.created, html`<${Time} at=${subscription.createdAt} />`)}
        ${row(e.updated, html`<${Time} at=${subscription.updatedAt} />`)}</dl></section>`;
}

/** Recovers a period: what it would take is counted first. */
function Recover({ subscription, onClose, onDone }) {
    const c = t.confirm;
    const [span, setSpan] = useState("86400");
    const since = useMemo(() => new Date(Date.now() - Number(span) * 1000).toISOString(), [span]);
    const path = subscriptionPath(subscription.id, "/recover");
    const counted = useLoad(async () => (await api.post(path, { since, dryRun: true })).recovered, [since]);
    const [title, text] = c.recover(subscription.name);
    const recover = async () => {
        const { recovered } = await api.post(path, { since });
        announce(c.recovered(recovered));
        onDone();
    };
    return html`<${Confirm} title=${title} text=${text} action=${t.endpoint.recover} onDo=${recover} onClose=${onClose}>
        <${Select} label=${c.since} value=${span} onInput=${setSpan} options=${Object.entries(c.sinces)} />
        <p aria-live="polite">${counted.error ? visible(counted.error.message) : counted.data === undefined ? c.counting : c.count(counted.data)}</p><//>`;
}

function Rotate({ subscription, onClose, onDone }) {
    const c = t.confirm;
    const [overlap, setOverlap] = useState("86400");
    const [title, text] = c.rotate(subscription.name);
    const rotate = async () => {
        await api.post(subscriptionPath(subscription.id, "/rotate-secret"), { overlapSeconds: Number(overlap) });
        announce(c.rotated);
        onDone();
    };
    return html`<${Confirm} title=${title} text=${text} action=${t.endpoint.rotate} onDo=${rotate} onClose=${onClose}>
        <${Select} label=${c.overlap} value=${overlap} onInput=${setOverlap} options=${Object.entries(c.overlaps)} /><//>`;
}

function Actions({ subscription, reload }) {
    const e = t.endpoint;
    const c = t.confirm;
    const [open, setOpen] = useState(null);
    const { id, name } = subscription;
    const close = () => setOpen(null);
    const setActive = async (isActive) => {
        await api.put(subscriptionPath(id), { subscription: { isActive } });
        reload();
    };
    const remove = async () => {
        await api.delete(subscriptionPath(id));
        location.hash = "#/endpoints";
    };
    const test = async () => {
        const eventId = await sendTest(subscription);
        announceThere(e.testSent(eventId), endpointHref(id, `/deliveries/${eventId}`));
    };
    const [removeTitle, removeText] = c.remove(name, isRead(subscription));
    const [offTitle, offText] = c.deactivate(name, isRead(subscription));
    const dialogs = {
        remove: () => html`<${Confirm} title=${removeTitle} text=${removeText} action=${e.remove} isGrave onDo=${remove} onClose=${close} />`,
        deactivate: () => html`<${Confirm} title=${offTitle} text=${offText} action=${e.deactivate} onDo=${() => setActive(false)} onClose=${close} />`,
        rotate: () => html`<${Rotate} subscription=${subscription} onClose=${close} onDone=${reload} />`,
        recover: () => html`<${Recover} subscription=${subscription} onClose=${close} onDone=${reload} />`,
    };
    const opener = (which, label, look) => html`<button type="button" class=${look} onClick=${() => setOpen(which)}>${label}</button>`;
    const writes = can("subscriptions:write");
    const sends = can("events:send") && !isRead(subscription);
    return html`${sends && html`<${Act} class=${subscription.isActive && "main"} onDo=${test}>${e.test}<//>`}
        ${writes && html`<a class="button" href=${endpointHref(id, "/edit")}>${e.edit}</a>`}
        ${writes && can("secrets:read") && !isRead(subscription) && opener("rotate", e.rotate)}
        ${sends && opener("recover", e.recover)}
        ${writes && (subscription.isActive ? opener("deactivate", e.deactivate) : html`<${Act} class="main" onDo=${() => setActive(true)}>${e.activate}<//>`)}
        ${writes && opener("remove", e.remove, "danger")}
        ${open && dialogs[open]()}`;
}

function Endpoint({ id, tab, event }) {
    const one = useLoad(async () => (await api.get(subscriptionPath(id))).subscription, [id]);
    return html`<${Loaded} of=${one} lines=${10}>${(subscription) => isRead(subscription) && tab === "verify"
        ? html`<${Head} title=${t.missing} back=${[endpointHref(id), subscription.name]} />`
        : html`<${EndpointPage} subscription=${subscription} tab=${tab} event=${event} reload=${() => one.reload(true)} />`}<//>`;
}

function EndpointPage({ subscription, tab, event, reload }) {
    const e = t.endpoint;
    const { id } = subscription;
    const tabs = [["", e.tabs.overview, "overview"], ["/deliveries", isRead(subscription) ? e.tabs.events : e.tabs.deliveries, "deliveries"], ["/feed", e.tabs.feed, "feed"], ["/verify", e.tabs.verify, "verify"]]
        .filter(([, , key]) => can({ deliveries: "events:read", feed: "feed:read" }[key] ?? "subscriptions:read"))
        .filter(([, , key]) => !isRead(subscription) || key !== "verify");
    return html`
        ${event ? html`<${Head} title=${subscription.name} back=${[endpointHref(id, "/deliveries"), isRead(subscription) ? e.tabs.events : t.deliveries.title]} />`
            : html`<${Head} title=${subscription.name} back=${["#/endpoints", t.endpoints.title]}><${Actions} subscription=${subscription} reload=${reload} /><//>`}
        <${Banner} subscription=${subscription} isShort=${event !== undefined} /><${RetiredBanner} subscription=${subscription} />
        <nav class="tabs" aria-label=${visible(subscription.name)}>${tabs.map(([path, name, key]) =>
            html`<a href=${endpointHref(id, path)} aria-current=${key === tab ? "page" : undefined}>${name}</a>`)}</nav>
        ${tab === "overview" && (isRead(subscription) ? html`${can("events:read") && html`<${ReadFigures} subscription=${subscription} />`}${can("feed:read") && html`<${ReadHint} id=${id} />`}`
            : can("events:read") && html`<${Figures} subscription=${subscription} /><${Charts} key=${id} path=${subscriptionPath(id, "/stats/series")} />`)}
        ${tab === "overview" && html`<${Settings} subscription=${subscription} />`}
        ${tab === "deliveries" && (event ? html`<${Lazy} module="delivery" part="Delivery" subscription=${subscription} event=${event} />` : html`<${Deliveries} key=${id} subscription=${subscription} />`)}
        ${tab === "feed" && html`<${Lazy} module="feed" part="Feed" subscription=${subscription} />`}
        ${tab === "verify" && html`<${Lazy} module="verify" part="Verify" subscription=${subscription} />`}`;
}

/** After an endpoint was added: its secret, how to verify, and a first event. */
function Created({ id }) {
    const c = t.created;
    const one = useLoad(async () => (await api.get(subscriptionPath(id))).subscription, [id]);
    return html`<${Loaded} of=${one} lines=${8}>${(subscription) => isRead(subscription) ? html`
        <${Head} title=${c.title(subscription.name)} lead=${c.readLead} back=${["#/endpoints", t.endpoints.title]}><a class="button main" href=${endpointHref(id)}>${c.done}</a><//>
        ${can("feed:read") && html`<${Lazy} module="feed" part="Feed" subscription=${subscription} />`}` : html`
        <${Head} title=${c.title(subscription.name)} lead=${c.lead} back=${["#/endpoints", t.endpoints.title]} />
        <section class="step"><h2>${c.secret}</h2><p>${c.secretHint}</p><${Secret} load=${async () => (await api.get(subscriptionPath(id))).subscription.secret} /></section>
        <section class="step"><h2>${c.verify}</h2><${Lazy} module="verify" part="Snippets" /></section>
        <section class="step"><h2>${c.test}</h2><div class="buttons">${can("events:send") && html`<${Act} class="main" onDo=${async () => {
            location.hash = endpointHref(id, `/deliveries/${await sendTest(subscription)}`);
        }}>${t.endpoint.test}<//>`}<a class="button" href=${endpointHref(id)}>${c.done}</a></div></section>`}<//>`;
}
