// What operators do with event types: add, change, deprecate, retire and revive them.

/** @param shared what scripts/70-modules.js shares. @return the parts by name */
export default function eventTypeEditor(shared) {
    const { html, useState, useRef, useLoad, api, t, visible, pretty, Confirm, Field, Head, Loaded, Problem, Text, typeHref, loadType, knownTypes, forgetTypes, say, sayThere, isOperator } = shared;

    const texts = {
        addTitle: "Add event type", editTitle: (name) => `Edit ${name}`, edit: "Edit", retire: "Retire", revive: "Revive", save: "Save",
        name: "Name", nameHint: "Words of letters, digits, _ and -, joined by dots, such as order.created. It cannot be changed later.",
        description: "Description", descriptionHint: "When it is published, in a sentence.",
        group: "Group", groupHint: "The heading under which it is listed.",
        example: "Example", exampleHint: "A payload, as JSON. Test events send it, and filters are tried on it.",
        schema: "Schema", schemaHint: "What its payloads are, as JSON Schema 2020-12. References begin with # and stay within it.",
        notJson: (reason) => `This is not JSON: ${reason}`, format: (what) => `Format ${what}`, formatShort: "Format",
        deprecate: "Deprecated", deprecateHint: "It is published as before, and marked wherever it is shown.",
        successor: "Successor", successorHint: "The event type to use instead.", note: "Note", noteHint: "For example, until when it is published.",
        saved: (name) => `${name} was saved.`, exists: "An event type of this name exists. Change that one, or enter another name.",
        existsRetired: "A retired event type has this name. Revive that one, or enter another name.",
        retireTitle: (name) => `Retire ${name}?`,
        retireText: "It can then no longer be published or newly subscribed to. Endpoints and deliveries stay, and you can revive it.",
        force: "Force: retire it all the same", wasRetired: (name) => `${name} was retired.`,
        reviveTitle: (name) => `Revive ${name}?`, reviveText: "It can be published and subscribed to again.", wasRevived: (name) => `${name} was revived.`,
    };

    /** A type as it is registered: its schema and example go as they are written. */
    function bodyOf({ name, description, group, schema, example, isDeprecated, deprecation }) {
        const { successor, note } = deprecation ?? {};
        const plain = { name, description, group: group || undefined, ...(isDeprecated && { isDeprecated, deprecation: { successor: successor || undefined, note: note || undefined } }) };
        const members = [JSON.stringify(plain).slice(1, -1), schema && `"schema":${schema}`, example && `"example":${example}`];
        return `{"eventType":{${members.filter(Boolean).join(",")}}}`;
    }

    // ---- Retiring and reviving.

    /** The server says if endpoints have the type; then one may insist. */
    function Retire({ name, onClose, onDone }) {
        const [isUsed, setUsed] = useState(false);
        const [force, setForce] = useState(false);
        const retire = async () => {
            try {
                await api.delete(`event-types/${encodeURIComponent(name)}${force ? "?force=true" : ""}`);
            } catch (error) {
                if (error.status === 409) setUsed(true);
                throw error;
            }
            say(texts.wasRetired(name));
            onDone();
        };
        return html`<${Confirm} title=${texts.retireTitle(name)} text=${texts.retireText} action=${texts.retire} isGrave onDo=${retire} onClose=${onClose}>
            ${isUsed && html`<label class="check"><input type="checkbox" checked=${force} onChange=${(event) => setForce(event.target.checked)} />${texts.force}</label>`}<//>`;
    }

    function Revive({ type, onClose, onDone }) {
        const revive = async () => {
            await api.post("event-types", bodyOf(type));
            say(texts.wasRevived(type.name));
            onDone();
        };
        return html`<${Confirm} title=${texts.reviveTitle(type.name)} text=${texts.reviveText} action=${texts.revive} onDo=${revive} onClose=${onClose} />`;
    }

    function Actions({ type, reload }) {
        const [isAsked, setAsked] = useState(false);
        const close = () => setAsked(false);
        const done = () => {
            forgetTypes();
            reload();
        };
        return html`${!type.retiredAt && html`<a class="button" role="button" href=${typeHref(type.name, "/edit")}>${texts.edit}</a>`}
            <button type="button" onClick=${() => setAsked(true)}>${type.retiredAt ? texts.revive : texts.retire}</button>
            ${isAsked && (type.retiredAt ? html`<${Revive} type=${type} onClose=${close} onDone=${done} />` : html`<${Retire} name=${type.name} onClose=${close} onDone=${done} />`)}`;
    }

    // ---- The form.

    const draftOf = ({ name = "", description = "", group = "", schema = "", example = "", isDeprecated = false, deprecation = {} }) =>
        ({ name, description, group, schema, example, isDeprecated, successor: deprecation.successor ?? "", note: deprecation.note ?? "" });

    /** @return what is wrong by field. Text that is not JSON would make another request of this one. */
    function check(draft) {
        const wrong = {};
        for (const name of ["schema", "example"]) {
            try {
                if (draft[name].trim()) JSON.parse(draft[name]);
            } catch (error) {
                wrong[name] = texts.notJson(error.message);
            }
        }
        return wrong;
    }

    /** Adding must not replace a type that is there. */
    async function checkName(name) {
        const { eventTypes } = await api.get("event-types", { retired: true });
        const found = eventTypes.find((each) => each.name === name);
        return found ? { name: found.retiredAt ? texts.existsRetired : texts.exists } : {};
    }

    const fieldOf = (path) => path.replace(/^eventType\./, "").replace(/^deprecation\./, "");

    const Json = ({ label, value, onInput, error, ...rest }) => html`<${Field} label=${label} error=${error} ...${rest}>${(given) => html`
        <textarea ...${given} rows="8" spellcheck="false" value=${value} onInput=${(event) => onInput(event.target.value)}></textarea>
        <button type="button" class="small start" aria-label=${texts.format(label)} onClick=${() => onInput(pretty(value))}>${texts.formatShort}</button>`}<//>`;

    function Fields({ type, types }) {
        const [draft, setDraft] = useState(() => draftOf(type ?? {}));
        const [wrong, setWrong] = useState({});
        const [problem, setProblem] = useState(null);
        const [isBusy, setBusy] = useState(false);
        const form = useRef();
        const set = (name) => (value) => setDraft((before) => ({ ...before, [name]: value }));
        const reject = (errors) => {
            setBusy(false);
            setWrong(errors);
            setTimeout(() => form.current?.querySelector("[aria-invalid]")?.focus());
        };
        const save = async (event) => {
            event.preventDefault();
            setProblem(null);
            setBusy(true);
            try {
                const errors = { ...check(draft), ...(type ? {} : await checkName(draft.name)) };
                if (Object.keys(errors).length > 0) return reject(errors);
                const { successor, note, ...rest } = draft;
                const { eventType } = await api.post("event-types", bodyOf({ ...rest, schema: rest.schema.trim(), example: rest.example.trim(), deprecation: { successor, note } }));
                forgetTypes();
                sayThere(texts.saved(eventType.name), typeHref(eventType.name));
            } catch (error) {
                const fields = Object.fromEntries(Object.entries(error.errors ?? {}).map(([path, messages]) => [fieldOf(path), messages.join(" ")]));
                reject(fields);
                if (!Object.keys(fields).some((name) => name in draft)) setProblem(error);
            }
        };
        const groups = [...new Set(types.map(({ group }) => group).filter(Boolean))];
        const others = types.filter(({ name }) => name !== draft.name && !name.startsWith("webhook."));
        const list = (id, names) => html`<datalist id=${id}>${names.map((name) => html`<option value=${name} />`)}</datalist>`;
        return html`<form class="sheet" ref=${form} onSubmit=${save} novalidate>
            ${!type && html`<${Text} label=${texts.name} hint=${texts.nameHint} value=${draft.name} onInput=${set("name")} error=${wrong.name} autocomplete="off" autocapitalize="off" spellcheck="false" required />`}
            <${Text} label=${texts.description} hint=${texts.descriptionHint} value=${draft.description} onInput=${set("description")} error=${wrong.description} autocomplete="off" />
            <${Text} label=${texts.group} hint=${texts.groupHint} value=${draft.group} onInput=${set("group")} error=${wrong.group} autocomplete="off" list="groups" />${list("groups", groups)}
            <${Json} label=${texts.example} hint=${texts.exampleHint} value=${draft.example} onInput=${set("example")} error=${wrong.example} />
            <${Json} label=${texts.schema} hint=${texts.schemaHint} value=${draft.schema} onInput=${set("schema")} error=${wrong.schema} />
            <div class="field"><label class="check"><input type="checkbox" checked=${draft.isDeprecated} aria-describedby="deprecated-hint" onChange=${(event) => set("isDeprecated")(event.target.checked)} />${texts.deprecate}</label>
                <p class="hint" id="deprecated-hint">${texts.deprecateHint}</p></div>
            ${draft.isDeprecated && html`<${Text} label=${texts.successor} hint=${texts.successorHint} value=${draft.successor} onInput=${set("successor")} error=${wrong.successor} autocomplete="off" list="successors" />${list("successors", others.map(({ name }) => name))}
                <${Text} label=${texts.note} hint=${texts.noteHint} value=${draft.note} onInput=${set("note")} error=${wrong.note} autocomplete="off" />`}
            ${problem && html`<${Problem} error=${problem} />`}
            <div class="buttons"><button class="main" disabled=${isBusy}>${texts.save}</button>
                <a class="button" role="button" href=${type ? typeHref(type.name) : "#/event-types"}>${t.cancel}</a></div></form>`;
    }

    /** @param name of the type that is changed; absent: one is added */
    function Form({ name }) {
        const given = useLoad(async () => {
            const [types, type] = await Promise.all([knownTypes(), name && loadType(name)]);
            return { types, type };
        }, [name]);
        return html`<${Head} title=${name ? texts.editTitle(name) : texts.addTitle} back=${name ? [typeHref(name), name] : ["#/event-types", t.types.title]} />
            ${!isOperator() ? html`<p class="mute">${t.forbidden("administrator")}</p>` : html`<${Loaded} of=${given} lines=${10}>${({ types, type }) => html`<${Fields} types=${types} type=${type} />`}<//>`}`;
    }

    return { Actions, Form };
}
