// Event types, wherever they are shown or chosen.

/** Those that are not retired. They are asked for once a minute, since many parts of a page want them. */
const types = { asked: null, at: 0 };
function knownTypes() {
    if (!types.asked || Date.now() - types.at > 60_000) {
        const asked = api.get("event-types").then((answer) => answer.eventTypes);
        Object.assign(types, { asked, at: Date.now() });
        asked.catch(() => forgetTypes());
    }
    return types.asked;
}
const forgetTypes = () => (types.asked = null);

/** One type, whose schema and example are texts as they are written. */
async function loadType(name, parameters) {
    const text = await api.text(`event-types/${encodeURIComponent(name)}`, parameters);
    const { schema, example } = rawMembers(rawMembers(text).eventType);
    return { ...JSON.parse(text).eventType, schema, example };
}

const typeHref = (name, rest = "") => `#/event-types/${encodeURIComponent(name)}${rest}`;
const isPattern = (name) => name.includes("*");
const isOperational = ({ name }) => name.startsWith("webhook.");

/** @return the types by heading: those of a group, then those of none, then the service's own */
function grouped(types) {
    const groups = new Map();
    for (const type of types) {
        const group = isOperational(type) ? t.types.operational : type.group ?? t.types.other;
        groups.set(group, [...(groups.get(group) ?? []), type]);
    }
    const last = [t.types.other, t.types.operational];
    return [...groups].sort(([a], [b]) => last.indexOf(a) - last.indexOf(b) || a.localeCompare(b));
}

const matchesPattern = (pattern, type) => pattern === "*" ? !isOperational(type) : type.name.startsWith(pattern.slice(0, -1));

/** What a type's name has next to it, if it should not be used any more. */
const markOf = ({ isDeprecated, retiredAt }) => (retiredAt ? "retired" : isDeprecated ? "deprecated" : null);
const TypeMark = ({ type }) => markOf(type) && html`<${State} is=${markOf(type)} hint=${t.marks[markOf(type)]} />`;

/** What is known of the type of a subscription: nothing of a pattern; that it is retired, if it is not listed. */
function useType(name) {
    const known = useLoad(knownTypes, []);
    return !known.data || isPattern(name) ? {} : known.data.find((each) => each.name === name) ?? { retiredAt: true };
}

/** The type of a subscription, marked if it should not be used any more. */
function TypeName({ name }) {
    const type = useType(name);
    return html`<span class="facts"><code>${visible(name)}</code><${TypeMark} type=${type} /></span>`;
}

/** The types of which an endpoint can have events: those that it subscribes to, and what it was seen to have. */
function deliveredTypes(known, pattern, events) {
    const names = new Set(known.filter((type) => type.name === pattern || (isPattern(pattern) && matchesPattern(pattern, type))).map(({ name }) => name));
    for (const { eventType } of events) names.add(eventType);
    return [...names].sort();
}

/** Sends a test event: the example of the endpoint's type, if it has exactly one that is known. @return its id */
async function sendTest({ id, eventType }) {
    const isKnown = (await knownTypes().catch(() => [])).some(({ name }) => name === eventType);
    return (await api.post(subscriptionPath(id, "/test"), isKnown ? { eventType } : {})).eventId;
}

/** @param use how one gets to the successor */
const DeprecationBanner = ({ type: { deprecation: { since, note } }, use }) => html`<div class="banner wait"><${Icon} name="warning" /><div>
    <strong>${t.types.deprecated(html`<${Time} at=${since} />`)}</strong>${note && html`<p>${visible(note)}</p>`}${use && html`<p>${use}</p>`}</div></div>`;
