// The catalog of event types: all of them by group, and each with its example and schema.

/** @param shared what scripts/70-modules.js shares. @return the parts by name */
export default function eventTypePages(shared) {
    const { html, useState, useLoad, api, t, visible, pretty, can, Code, Empty, Head, Icon, Lazy, Loaded, Problem, Select, Text, Time, download,
            typeHref, markOf, grouped, isOperational, loadType, knownTypes, TypeMark, DeprecationBanner, isOperator } = shared;

    const texts = {
        lead: "What can be delivered to your endpoints.",
        document: "Download OpenAPI", documentHint: "Generators make typed receivers from the OpenAPI document.",
        search: "Search event types", count: (n, of) => (n === of ? `${of} event types` : `${n} of ${of} event types`),
        show: "Show", shows: { known: "In use", retired: "Retired too" },
        emptyTitle: "No event types yet", empty: "They appear here when they are registered.", noneFound: "No event type matches.",
        add: "Add event type", addEndpoint: "Add endpoint",
        group: "Group", added: "Added", changed: "Changed",
        example: "Example", noExample: "It has no example.", schema: "Schema", noSchema: "It has no schema.",
        use: "Use", instead: "instead.", retired: (time) => ["Retired since ", time, "."],
        retiredHint: "It is neither published nor newly subscribed to. Endpoints that have it keep it.",
        operational: "The service itself publishes events of this type.",
    };
    const withRetired = () => (isOperator() ? { retired: true } : {});
    const searchedFrom = 8;

    // ---- All of them.

    async function saveDocument() {
        download(await api.text("event-types/openapi.json"), "event-types.openapi.json", "application/json");
    }

    const matches = (words) => ({ name, description, group }) => {
        const text = [name, description, group].join(" ").toLowerCase();
        return words.every((word) => text.includes(word));
    };

    const Row = ({ type }) => html`<li><div class="facts"><a href=${typeHref(type.name)}><code>${visible(type.name)}</code></a><${TypeMark} type=${type} /></div>
        <p class="mute">${visible(type.description)}</p></li>`;

    function EventTypes() {
        const [search, setSearch] = useState("");
        const [show, setShow] = useState("known");
        const [problem, setProblem] = useState(null);
        const list = useLoad(() => (show === "retired" ? api.get("event-types", withRetired()).then((answer) => answer.eventTypes) : knownTypes()), [show]);
        const save = () => saveDocument().then(() => setProblem(null), setProblem);
        const add = isOperator() && html`<a class="button main" role="button" href="#/new-event-type">${texts.add}</a>`;
        return html`<${Head} title=${t.types.title} lead=${texts.lead}>${add}<button type="button" title=${texts.documentHint} onClick=${save}>${texts.document}</button><//>
            ${problem && html`<${Problem} error=${problem} onRetry=${save} />`}
            <${Loaded} of=${list} lines=${8}>${(all) => {
                const found = all.filter(matches(search.toLowerCase().split(/\s+/)));
                return html`<div class="filters">${(all.length >= searchedFrom || search) && html`<${Text} label=${texts.search} type="search" value=${search} onInput=${setSearch} />`}
                        ${isOperator() && html`<${Select} label=${texts.show} value=${show} onInput=${setShow} options=${Object.entries(texts.shows)} />`}</div>
                    <p class="hidden" role="status">${search && texts.count(found.length, all.length)}</p>
                    ${all.length === 0 ? html`<${Empty} title=${texts.emptyTitle} text=${texts.empty} />` : found.length === 0 ? html`<p class="mute">${texts.noneFound}</p>`
                        : grouped(found).map(([group, members]) => html`<section key=${group}><h2>${visible(group)}</h2><ul class="rows">${members.map((type) => html`<${Row} key=${type.name} type=${type} />`)}</ul></section>`)}`;
            }}<//>`;
    }

    // ---- One of them.

    const Json = ({ label, text, none, heading }) => html`<section><${heading}>${label}<//>${text === undefined ? html`<p class="mute">${none}</p>`
        : html`<${Code} label=${label} text=${pretty(text)} copied=${text} />`}</section>`;
    const Both = ({ type: { example, schema }, heading = "h2" }) => html`<div class="pair"><${Json} label=${texts.example} text=${example} none=${texts.noExample} heading=${heading} />
        <${Json} label=${texts.schema} text=${schema} none=${texts.noSchema} heading=${heading} /></div>`;

    /** The example and the schema alone, for other pages. */
    function Contents({ name }) {
        const one = useLoad(() => loadType(name), [name]);
        return html`<${Loaded} of=${one}>${(type) => html`<${Both} type=${type} heading="h3" />`}<//>`;
    }

    function Actions({ type, reload }) {
        if (isOperator()) return !isOperational(type) && html`<${Lazy} module="event_type_editor" part="Actions" lines=${0} type=${type} reload=${reload} />`;
        const isOffered = can("subscriptions:write") && markOf(type) === null;
        return isOffered && html`<a class="button main" role="button" href=${`#/endpoints/new/${encodeURIComponent(type.name)}`}>${texts.addEndpoint}</a>`;
    }

    function EventType({ name }) {
        const one = useLoad(() => loadType(name, withRetired()), [name]);
        const back = ["#/event-types", t.types.title];
        if (one.error && !one.data) return html`<${Head} title=${name} back=${back} /><${Problem} error=${one.error} onRetry=${one.reload} />`;
        return html`<${Loaded} of=${one} lines=${10}>${(type) => {
            const { successor } = type.deprecation ?? {};
            const use = successor && html`${texts.use} <a href=${typeHref(successor)}><code>${visible(successor)}</code></a> ${texts.instead}`;
            return html`<${Head} title=${type.name} lead=${visible(type.description)} back=${back}><${Actions} type=${type} reload=${() => one.reload(true)} /><//>
                ${type.retiredAt ? html`<div class="banner mute"><${Icon} name="off" /><div><strong>${texts.retired(html`<${Time} at=${type.retiredAt} />`)}</strong><p>${texts.retiredHint}</p>${use && html`<p>${use}</p>`}</div></div>`
                    : type.isDeprecated && html`<${DeprecationBanner} type=${type} use=${use} />`}
                <p class="facts mute">${isOperational(type) ? html`<span>${texts.operational}</span>` : html`
                    ${type.group && html`<span>${texts.group}: ${visible(type.group)}</span>`}
                    ${type.createdAt && html`<span>${texts.added} <${Time} at=${type.createdAt} /></span>`}
                    ${type.updatedAt && type.updatedAt !== type.createdAt && html`<span>${texts.changed} <${Time} at=${type.updatedAt} /></span>`}`}</p>
                <${Both} type=${type} />`;
        }}<//>`;
    }

    return { EventTypes, EventType, Contents };
}
