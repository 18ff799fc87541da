// The operator's pages.

/** @param shared what scripts/70-modules.js shares. @return the pages by name */
export default function operatorPages(shared) {
    const { html, useState, useLoad, useRefresh, api, t, visible, number, plural, bytes, seconds, quoted, allOf, endpointHref, stateFilters,
            Charts, Confirm, CopyButton, Empty, Head, Icon, Loaded, Outside, Pages, Select, State, Table, Text, Time, UserLink } = shared;

    const texts = {
        overview: {
            title: "Overview", subscriptions: "Endpoints", queue: "Queue", perSecond: "Per second", workers: "Workers", storage: "Storage",
            names: { active: "Active", inactive: "Deactivated", failing: "Failing", paused: "Paused", due: "Due", scheduled: "Scheduled",
                     inFlight: "In flight", inMemory: "In memory", reserved: "Reserved", oldestDueSeconds: "Oldest due",
                     published: "Published", attempts: "Attempts", delivered: "Delivered", failed: "Failed",
                     kind: "Kind", schemaVersion: "Schema", bytes: "Size", partitions: "Partitions" },
            columns: ["Worker", "Host", "Version", "Started", "Heartbeat", "In flight", "In memory"],
            live: "live", gone: "not responding", users: "Users", version: "Version",
            failingNow: (n, of) => `${plural(n, "endpoint fails", "endpoints fail")}, of ${number(of)} that are not deactivated.`, allFailing: "See all that fail",
        },
        workers: { title: "Workers", lead: "The processes that deliver. One that does not respond is replaced by the others, which take over its events." },
        failing: { title: "Failing", lead: "Endpoints of which no attempt has succeeded since one failed, longest first. Their events are retried.",
                   columns: ["Endpoint", "User", "Failing since", "Next attempts", "Event type"], empty: "Every endpoint works.", after: "after ", now: "on schedule" },
        users: { title: "Users", columns: ["User", "Endpoints", "Active", "Failing", "Waiting"], empty: "No user has an endpoint." },
        keys: {
            title: "Keys", lead: "API keys of all users, and links to the portal.", columns: ["Key", "User", "Permissions", "Created", "Last used", "Expires", ""],
            empty: "No key was created yet.", never: "never", ended: "expired", onlyOne: (id) => `endpoint ${id} only`,
            create: "Create key", byLink: "A session that began with a link creates no keys: open this page without one, and enter an API key.", createTitle: "Create an API key", createText: "It never has more permissions than you. It is shown once.",
            name: "Name", user: "User", permissions: "Permissions", subscription: "Endpoint ID", subscriptionHint: "Limits the key to one endpoint. Leave empty for all of the user's.",
            expires: "Expires", lifetimes: { "": "Never", 2592000: "In 30 days", 7776000: "In 90 days", 31536000: "In a year" },
            created: (name) => `The key ${name} was created. Copy it now: it is not shown again.`,
            revoke: "Revoke", revokeTitle: (name) => `Revoke ${name}?`, revokeText: "A program that uses it is locked out at once. This cannot be undone.",
            kinds: {
                user: ["All of a user's", undefined],
                publish: ["Publish", ["events:publish"]],
                read: ["Read endpoints and deliveries", ["subscriptions:read", "events:read"]],
                feed: ["Read the feed", ["feed:read"]],
                administrator: ["Administrator", ["administrator"]],
            },
        },
        sessions: {
            title: "Portal sessions", lead: "A link opens the portal as this user sees it. It works once, within 5 minutes; the session lasts an hour.",
            user: "User", link: "Create link", made: (user) => `A link for ${user}:`,
            end: "End sessions", endTitle: (user) => `End the sessions of ${user}?`, endText: "Every open portal of this user ends at once.",
            ended: "The sessions were ended.",
        },
        audit: {
            title: "Audit", lead: "Who changed what, newest first.", columns: ["Time", "Who", "Action", "Object", "Changes"],
            action: "Action", allActions: "All", user: "Owner or actor", noneFound: "No record matches.", was: "was", nothing: "nothing",
            actions: ["subscription.created", "subscription.updated", "subscription.deleted", "subscription.deactivated", "secret.rotated",
                      "event.resent", "event.deleted", "recover", "event_type.created", "event_type.updated", "event_type.retired", "event_type.revived", "api_key.created", "api_key.deleted",
                      "portal_session.created", "portal_session.started", "portal_session.ended", "keys.rewrapped", "user.shredded"],
            changed: "changed", changes: (n) => (n === 0 ? "Details" : plural(n, "change", "changes")), address: "Address", request: "Request",
        },
    };

    const userPermissions = ["subscriptions:read", "subscriptions:write", "secrets:read", "events:read", "events:send", "events:publish", "feed:read"];
    const loadOverview = async () => (await api.get("overview")).overview;

    const overviewValue = { bytes, oldestDueSeconds: seconds, kind: visible };
    const perSecond = (n) => (n < 10 ? n.toFixed(1) : number(Math.round(n)));

    function Overview() {
        const o = texts.overview;
        const overview = useLoad(loadOverview, []);
        useRefresh(true, overview.reload);
        const group = (title, values, format) => html`<section class="card"><h2>${title}</h2><dl class="settings">${Object.entries(values).map(([name, value]) =>
            html`<div><dt>${o.names[name] ?? name}</dt><dd>${(format ?? overviewValue[name] ?? number)(value)}</dd></div>`)}</dl></section>`;
        return html`<${Head} title=${o.title} /><${Loaded} of=${overview} lines=${8}>${(data) => html`
            <${FailingNow} counts=${data.subscriptions} />
            <div class="cards">${group(o.subscriptions, data.subscriptions)}${group(o.queue, data.queue)}${group(o.perSecond, data.perSecond, perSecond)}${group(o.storage, data.storage)}</div>
            <${Charts} path="stats/series" />
            <section><h2>${o.workers}</h2><${Workers} workers=${data.workers} /></section>
            <p class="mute">${o.version} ${visible(data.version)} · ${o.users}: ${number(data.users)}</p>`}<//>`;
    }

    const Workers = ({ workers }) => html`<${Table} label=${texts.overview.workers} columns=${texts.overview.columns} numeric=${[5, 6]} rows=${workers.map((worker) => ({ key: worker.id, cells: [
        html`<span class="facts"><span>${worker.id}</span><${State} is=${worker.isLive ? "active" : "failing"}>${worker.isLive ? texts.overview.live : texts.overview.gone}<//></span>`,
        visible(worker.host ?? t.none), visible(worker.version ?? t.none), html`<${Time} at=${worker.startedAt} />`, html`<${Time} at=${worker.heartbeatAt} relative />`,
        number(worker.inFlight), number(worker.inMemory)] }))} />`;

    function WorkersPage() {
        const w = texts.workers;
        const overview = useLoad(loadOverview, []);
        useRefresh(true, overview.reload);
        return html`<${Head} title=${w.title} lead=${w.lead} /><${Loaded} of=${overview} lines=${4}>${(data) => html`<${Workers} workers=${data.workers} />`}<//>`;
    }

    /** What needs attention, and for whom: those that have failed for longest. @param counts as in the overview */
    function FailingNow({ counts: { active, failing, paused } }) {
        const o = texts.overview;
        const list = useLoad(() => (failing === 0 ? { subscriptions: [] } : loadFailing(0, 5)), [failing]);
        if (failing === 0) return null;
        return html`<section><div class="banner bad"><${Icon} name="warning" /><div><strong>${o.failingNow(failing, active + failing + paused)}</strong>
            <p><a href="#/failing">${o.allFailing}</a></p></div></div><${Loaded} of=${list} lines=${Math.min(5, failing)}>${(data) => html`<${FailingTable} subscriptions=${data.subscriptions} />`}<//></section>`;
    }

    const loadFailing = (skip, take) => api.get("subscriptions", { filter: stateFilters().failing, sort: "failingSince", skip, take });

    const FailingTable = ({ subscriptions }) => html`<${Table} label=${texts.failing.title} columns=${texts.failing.columns} rows=${subscriptions.map((one) => ({ key: one.id, cells: [
        html`<div class="named"><a href=${endpointHref(one.id)}>${visible(one.name)}</a><${Outside} class="mute" text=${one.url} /></div>`,
        html`<${UserLink} user=${one.userId} />`,
        html`<div class="named"><${Time} at=${one.failingSince} /><span class="mute"><${Time} at=${one.failingSince} relative /></span></div>`,
        new Date(one.pausedUntil) > Date.now() ? html`<span>${texts.failing.after}<${Time} at=${one.pausedUntil} /></span>` : texts.failing.now,
        html`<code>${visible(one.eventType)}</code>`] }))} />`;

    function Failing() {
        const f = texts.failing;
        const size = 50;
        const [skip, setSkip] = useState(0);
        const list = useLoad(() => loadFailing(skip, size), [skip], true);
        return html`<${Head} title=${f.title} lead=${f.lead} /><${Loaded} of=${list}>${({ subscriptions, totalSubscriptionsCount: total }) => total === 0 ? html`<${Empty} title=${f.empty} />`
            : html`<${FailingTable} subscriptions=${subscriptions} />${total > size && html`<div class="pages"><span class="mute">${t.of(`${number(skip + 1)}–${number(skip + subscriptions.length)}`, number(total))}</span>
                ${skip > 0 && html`<button type="button" onClick=${() => setSkip(Math.max(0, skip - size))}>${t.previous}</button>`}
                ${skip + size < total && html`<button type="button" onClick=${() => setSkip(skip + size)}>${t.next}</button>`}</div>`}`}<//>`;
    }

    function Users() {
        const u = texts.users;
        const [pages, setPages] = useState([null]);
        const after = pages[pages.length - 1];
        const list = useLoad(async () => (await api.get("users", { after, take: 50 })).users, [after], true);
        return html`<${Head} title=${u.title} /><${Loaded} of=${list}>${(data) => data.length === 0 ? html`<${Empty} text=${u.empty} />`
            : html`<${Table} label=${u.title} columns=${u.columns} numeric=${[1, 2, 3, 4]} rows=${data.map((user) => ({ key: user.userId, cells: [
                html`<${UserLink} user=${user.userId} />`, number(user.subscriptions), number(user.active), number(user.failing), number(user.waiting)] }))} />
                <${Pages} total=${null} rows=${data.map(({ userId }) => ({ id: userId }))} size=${50} pages=${pages} onPages=${setPages} />`}<//>`;
    }

    // ---- Keys and sessions.

    /** @param reads whose feed it is for, if it is for one */
    function NewKey({ reads, onDone, onClose }) {
        const k = texts.keys;
        const [given, setGiven] = useState({ name: "", user: "", kind: reads ? "feed" : "user", subscription: "", lifetime: "", ...reads });
        const set = (member) => (value) => setGiven((before) => ({ ...before, [member]: value }));
        const create = async () => {
            const { name, user, kind, subscription, lifetime } = given;
            const { apiKey } = await api.post("api-keys", { apiKey: {
                name, userId: user || undefined, permissions: k.kinds[kind][1], subscriptionId: subscription ? Number(subscription) : undefined,
                expiresAt: lifetime ? new Date(Date.now() + Number(lifetime) * 1000).toISOString() : undefined } });
            onDone(apiKey);
        };
        return html`<${Confirm} title=${k.createTitle} text=${k.createText} action=${k.create} onDo=${create} onClose=${onClose}>
            <${Text} label=${k.name} required maxlength="64" value=${given.name} onInput=${set("name")} />
            <${Text} label=${k.user} required maxlength="256" value=${given.user} onInput=${set("user")} />
            <${Select} label=${k.permissions} value=${given.kind} onInput=${set("kind")} options=${Object.entries(k.kinds).map(([kind, [label]]) => [kind, label])} />
            <${Text} label=${k.subscription} hint=${k.subscriptionHint} inputmode="numeric" pattern="[0-9]*" value=${given.subscription} onInput=${set("subscription")} />
            <${Select} label=${k.expires} value=${given.lifetime} onInput=${set("lifetime")} options=${Object.entries(k.lifetimes).sort(([a], [b]) => a - b)} /><//>`;
    }

    /** By the name that the form has for them, if it has one. */
    function permissionsText(permissions) {
        const isSame = (names = userPermissions) => names.length === permissions.length && names.every((name) => permissions.includes(name));
        const kind = Object.values(texts.keys.kinds).find(([, names]) => isSame(names));
        return kind ? kind[0] : permissions.join(", ");
    }

    function Expiry({ at }) {
        if (!at) return texts.keys.never;
        if (new Date(at) < Date.now()) return html`<${State} is="expired">${texts.keys.ended}<//>`;
        return html`<${Time} at=${at} relative />`;
    }

    /** @param newFor as of NewKey: it is asked for at once */
    function Keys({ newFor }) {
        const k = texts.keys;
        const [asked, setAsked] = useState(newFor && shared.hasKey() ? "new" : null);
        const [created, setCreated] = useState(null);
        const list = useLoad(async () => (await api.get("api-keys")).apiKeys.reverse(), []);
        const close = () => setAsked(null);
        const row = (key) => ({ key: key.id, cells: [
            html`<div class="named"><strong>${visible(key.name)}</strong>${key.hint && html`<code class="mute">…${visible(key.hint)}</code>`}</div>`,
            html`<${UserLink} user=${key.userId} />`,
            html`<span>${permissionsText(key.permissions)}${key.subscriptionId && html`, <a href=${endpointHref(key.subscriptionId)}>${k.onlyOne(key.subscriptionId)}</a>`}</span>`,
            html`<${Time} at=${key.createdAt} />`, key.lastUsedAt ? html`<${Time} at=${key.lastUsedAt} relative />` : k.never,
            html`<${Expiry} at=${key.expiresAt} />`,
            html`<button type="button" class="small" aria-label=${`${k.revoke} ${visible(key.name)}`} onClick=${() => setAsked(key)}>${k.revoke}</button>`] });
        return html`<${Head} title=${k.title} lead=${k.lead}>${shared.hasKey() && html`<button type="button" class="main" onClick=${() => setAsked("new")}>${k.create}</button>`}<//>
            ${!shared.hasKey() && html`<p class="mute">${k.byLink}</p>`}
            ${created && html`<div class="banner wait" role="status"><div><p>${visible(k.created(created.name))}</p>
                <p class="secret"><code>${created.key}</code><${CopyButton} text=${created.key} /></p></div></div>`}
            <${Loaded} of=${list} lines=${8}>${(data) => data.length === 0 ? html`<${Empty} text=${k.empty} />`
                : html`<${Table} label=${k.title} columns=${k.columns} rows=${data.map(row)} />`}<//>
            <${Sessions} />
            ${asked === "new" && html`<${NewKey} reads=${newFor} onClose=${close} onDone=${(key) => { setCreated(key); list.reload(true); }} />`}
            ${asked && asked !== "new" && html`<${Confirm} title=${k.revokeTitle(asked.name)} text=${k.revokeText} action=${k.revoke} isGrave onClose=${close}
                onDo=${async () => { await api.delete(`api-keys/${asked.id}`); list.reload(true); }} />`}`;
    }

    function Sessions() {
        const s = texts.sessions;
        const [user, setUser] = useState("");
        const [made, setMade] = useState(null);
        const [isAsked, setAsked] = useState(false);
        const [wrong, setWrong] = useState(null);
        const create = async (event) => {
            event.preventDefault();
            setWrong(null);
            try {
                setMade((await api.post("portal-sessions", { userId: user })).session);
            } catch (error) {
                setWrong(error.message);
            }
        };
        return html`<section><h2>${s.title}</h2><p class="mute">${s.lead}</p>
            <form class="sheet" onSubmit=${create}><${Text} label=${s.user} required maxlength="256" value=${user} onInput=${setUser} error=${wrong} />
            <div class="buttons"><button>${s.link}</button><button type="button" disabled=${user === ""} onClick=${() => setAsked(true)}>${s.end}</button></div>
            ${made && html`<div role="status"><p>${visible(s.made(made.userId))}</p><p class="secret"><code>${visible(made.url)}</code><${CopyButton} text=${made.url} /></p></div>`}</form>
            ${isAsked && html`<${Confirm} title=${s.endTitle(user)} text=${s.endText} action=${s.end} isGrave onClose=${() => setAsked(false)}
                onDo=${async () => { await api.delete(`portal-sessions?userId=${encodeURIComponent(user)}`); setMade(null); shared.say(s.ended); }} />`}</section>`;
    }

    // ---- The audit log.

    /** A value of a change on one line. */
    const valueText = (value) => (value === null ? texts.audit.nothing : visible(typeof value === "object" ? JSON.stringify(value) : value));

    function Changes({ record }) {
        const a = texts.audit;
        const changes = Object.entries(record.changes ?? {});
        const facts = [[a.address, record.address], [a.request, record.requestId]].filter(([, value]) => value);
        if (changes.length + facts.length === 0) return t.none;
        return html`<details><summary>${a.changes(changes.length)}</summary><dl class="settings">
            ${changes.map(([name, change]) => html`<div><dt>${visible(name)}</dt><dd>${Array.isArray(change)
                ? html`${valueText(change[1])} <span class="mute">${a.was} ${valueText(change[0])}</span>` : a.changed}</dd></div>`)}
            ${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd><code>${visible(value)}</code></dd></div>`)}</dl></details>`;
    }

    function Audit() {
        const a = texts.audit;
        const [action, setAction] = useState("");
        const [user, setUser] = useState("");
        const [pages, setPages] = useState([null]);
        const after = pages[pages.length - 1];
        const filter = allOf([action && `action eq ${quoted(action)}`, user && `(userId eq ${quoted(user)} or actorUserId eq ${quoted(user)})`]);
        const list = useLoad(async () => (await api.get("audit", { filter, take: 50, after, count: false })).audit, [filter, after], true);
        const choose = (set) => (value) => {
            set(value);
            setPages([null]);
        };
        const row = (record) => ({ key: record.id, cells: [
            html`<${Time} at=${record.at} />`,
            html`<div class="named"><span>${visible(record.actor.userId ?? t.none)}</span><span class="mute">${record.actor.kind}${record.actor.id && ` ${visible(record.actor.id)}`}</span></div>`,
            html`<code>${visible(record.action)}</code>`,
            html`<div class="named">${record.object.type === "subscription" && record.action !== "subscription.deleted"
                ? html`<a href=${endpointHref(record.object.id)}>${record.object.type} ${record.object.id}</a>`
                : html`<span>${visible(`${record.object.type} ${record.object.id}`)}</span>`}
                <span class="mute">${visible(record.object.userId ?? "")}</span></div>`,
            html`<${Changes} record=${record} />`] });
        return html`<${Head} title=${a.title} lead=${a.lead} />
            <div class="filters"><${Select} label=${a.action} value=${action} onInput=${choose(setAction)} options=${[["", a.allActions], ...a.actions.map((name) => [name, name])]} />
                <${Text} label=${a.user} type="search" value=${user} onInput=${choose(setUser)} /></div>
            <${Loaded} of=${list} lines=${10}>${(data) => data.length === 0 ? html`<p class="mute">${a.noneFound}</p>`
                : html`<${Table} label=${a.title} columns=${a.columns} rows=${data.map(row)} />
                    <${Pages} total=${null} rows=${data} size=${50} pages=${pages} onPages=${setPages} />`}<//>`;
    }

    return { Overview, Failing, Users, Workers: WorkersPage, Keys, Audit };
}
