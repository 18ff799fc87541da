// How a customer reads the feed of an endpoint, and where a reader of it stands.

const words = {
    lead: "Read events instead of receiving them: after an outage, or where nothing can be sent to you. Readers and deliveries do not affect each other.",
    address: "Address", key: "API key",
    keyHint: (who) => `A reader needs an API key. ${who} issues it: send them this request, and keep what you get as $KEY.`,
    keyNobody: "The operator of this service",
    request: ({ id, name, userId }) => `Please issue an API key for reading the webhook feed of our endpoint ${id} (${name}): user ${userId}, permission feed:read, limited to endpoint ${id}.`,
    support: (who) => `Go to ${who}`,
    ownerLead: (user) => `Readers of ${user} get the events of this endpoint with a key that may read the feed. Readers and deliveries do not affect each other.`,
    keys: "Keys that read it", keyColumns: ["Key", "Limited to", "Created", "Last used", "Expires"], noKeys: "No key of this user may read the feed yet.",
    createKey: "Create key", thisOne: "this endpoint", all: "all of the user’s", never: "never", expired: "expired",
    first: "First page", firstText: "From the oldest event that is kept. If there is none, the answer comes with the next event, or after 30 seconds without events.",
    next: "Next page", nextText: "Save the cursor of each page together with what you did with its events: the next page begins there. If hasMore is true, ask again at once.",
    now: "From now on", nowText: "The cursor of now: a reader that begins with it gets what is published from now on.",
    oldest: "Oldest event", oldestNone: "There are no events.",
    position: "Where is my reader?", positionText: "The cursor that your reader saved last.", cursor: "Cursor", look: "Look",
    upToDate: "It has read everything.",
    behind: (id) => `The next event that it reads is ${id}, published `,
};

/** @param shared what scripts/70-modules.js shares. @return the parts by name */
export default function feedPages(shared) {
    const { html, useState, useLoad, api, config, isOperator, visible, subscriptionPath, feedRequest, Code, CopyButton, Loaded, Outside, State, Table, Text, Time } = shared;

    const address = (id) => new URL(config().apiBase + subscriptionPath(id, "/feed"), location.href).href;
    const oldestOf = (page) => page.events[0];

    /** The next event after a cursor that a reader has saved. */
    function Position({ path }) {
        const [cursor, setCursor] = useState("");
        const [found, setFound] = useState(null);
        const [problem, setProblem] = useState(null);
        const look = async (event) => {
            event.preventDefault();
            setFound(null);
            setProblem(null);
            try {
                setFound(await api.get(path, { cursor: cursor.trim(), take: 1 }));
            } catch (error) {
                setProblem(error.errors.cursor?.[0] ?? error.message);
            }
        };
        const next = found && oldestOf(found);
        return html`<form class="sheet" onSubmit=${look}><${Text} label=${words.cursor} hint=${words.positionText} value=${cursor} onInput=${setCursor} error=${problem} />
            <div class="buttons"><button class="main" disabled=${cursor.trim() === ""}>${words.look}</button></div>
            <p aria-live="polite">${found && (next ? html`${words.behind(next.id)}<${Time} at=${next.createdAt} relative />.` : words.upToDate)}</p></form>`;
    }

    /** For operators: who can read the feed, and when they last did anything. */
    function Keys({ subscription: { id, userId } }) {
        const list = useLoad(async () => (await api.get("api-keys")).apiKeys.filter((key) => key.userId === userId
            && (key.permissions.includes("feed:read") || key.permissions.includes("administrator")) && (key.subscriptionId ?? id) === id), [id]);
        const time = (at) => (at ? html`<${Time} at=${at} relative />` : words.never);
        return html`<div class="title"><h2>${words.keys}</h2><div class="buttons"><a class="button" href=${`#/keys/new/${encodeURIComponent(userId)}/${id}`}>${words.createKey}</a></div></div>
            <${Loaded} of=${list} lines=${2}>${(keys) => keys.length === 0 ? html`<p class="mute">${words.noKeys}</p>`
                : html`<${Table} label=${words.keys} columns=${words.keyColumns} rows=${keys.map((key) => ({ key: key.id, cells: [
                    html`<div class="named"><strong>${visible(key.name)}</strong>${key.hint && html`<code class="mute">…${visible(key.hint)}</code>`}</div>`,
                    key.subscriptionId ? words.thisOne : words.all, html`<${Time} at=${key.createdAt} />`, time(key.lastUsedAt),
                    new Date(key.expiresAt ?? 8e15) < Date.now() ? html`<${State} is="expired">${words.expired}<//>` : time(key.expiresAt)] }))} />`}<//>`;
    }

    /** Who gives a customer the key, and what to ask for. */
    function Key({ subscription }) {
        const { name, homeUrl } = config().brand;
        return html`<h2>${words.key}</h2><p>${words.keyHint(visible(name || words.keyNobody))}</p><${Code} isProse label=${words.key} text=${words.request(subscription)} />
            ${homeUrl && html`<p><a href=${homeUrl}>${words.support(visible(name || homeUrl))}</a></p>`}`;
    }

    function Feed({ subscription }) {
        const { id } = subscription;
        const url = address(id);
        const path = subscriptionPath(id, "/feed");
        const ends = useLoad(async () => {
            const [latest, first] = await Promise.all([api.get(path, { cursor: "latest" }), api.get(path, { take: 1 })]);
            return { cursor: latest.cursor, oldest: oldestOf(first) };
        }, [id]);
        return html`<p class="lead">${isOperator() ? words.ownerLead(visible(subscription.userId)) : words.lead}</p>
            <section><h2>${words.address}</h2><p class="secret"><${Outside} text=${url} /><${CopyButton} text=${url} /></p></section>
            <section>${isOperator() ? html`<${Keys} subscription=${subscription} />` : html`<${Key} subscription=${subscription} />`}</section>
            <section><h2>${words.first}</h2><p>${words.firstText}</p><${Code} label=${words.first} text=${feedRequest(id, "wait=30")} /></section>
            <section><h2>${words.next}</h2><p>${words.nextText}</p><${Code} label=${words.next} text=${feedRequest(id, "wait=30&cursor=$CURSOR")} /></section>
            <${Loaded} of=${ends} lines=${4}>${({ cursor, oldest }) => html`
                <section><h2>${words.now}</h2><p>${words.nowText}</p><${Code} label=${words.now} text=${cursor} /></section>
                <section><h2>${words.oldest}</h2><p>${oldest ? html`${oldest.id}, <${Time} at=${oldest.createdAt} />` : words.oldestNone}</p></section>`}<//>
            <section><h2>${words.position}</h2><${Position} path=${path} /></section>`;
    }

    return { Feed };
}
