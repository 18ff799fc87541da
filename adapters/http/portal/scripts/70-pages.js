// Event types, and the operator's pages, whose script is loaded when one of them is opened first.

function EventTypes() {
    const types = useLoad(async () => (await api.get("event-types")).eventTypes, []);
    return html`<${Head} title=${t.types.title} lead=${t.types.lead} /><${Loaded} of=${types}>${(data) => data.length === 0 ? html`<${Empty} text=${t.types.empty} />`
        : html`<${Table} label=${t.types.title} columns=${t.types.columns} rows=${data.map((type) => ({ key: type.name, cells: [
            html`<code>${visible(type.name)}</code>`, visible(type.description)] }))} />`}<//>`;
}

/** What the operator's script may use of this one. */
const shared = { html, useState, useLoad, useRefresh, api, t, visible, number, bytes, seconds, quoted, allOf, endpointHref,
                 Charts, Confirm, CopyButton, Empty, Head, Loaded, Outside, Pages, Select, State, Table, Text, Time,
                 say: (text) => announce(text), hasKey: () => session.key !== null };

let operatorPages = null;

/** @param page the name of one of the pages that operator.js has */
function Operator({ page }) {
    const pages = useLoad(() => (operatorPages ??= import("./operator.js").then((script) => script.operatorPages(shared))).catch(() => {
        operatorPages = null;
        throw new ApiError(0, t.newVersion);
    }), []);
    return html`<${Loaded} of=${pages} lines=${8}>${(found) => html`<${found[page]} key=${page} />`}<//>`;
}
