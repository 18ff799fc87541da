// Parts of the page whose scripts are loaded when one of them is shown first.

/** What the scripts of modules may use of this one. */
const shared = {
    html, useState, useRef, useMemo, useLoad, useRefresh, api, query, t, visible, number, plural, milliseconds, bytes, seconds, quoted, allOf, pretty, can, isRead, feedRequest, endpointHref, subscriptionPath, stateFilters, statusOf, looks, addressNotAllowed,
    Act, Charts, Code, Confirm, CopyButton, Details, Empty, Field, Head, Icon, Lazy, Loaded, NextAttempt, Outside, Pages, Problem, Secret, Select, State, Table, Text, Time, UserLink, download,
    typeHref, markOf, grouped, isOperational, isPattern, matchesPattern, loadType, knownTypes, forgetTypes, TypeMark, DeprecationBanner,
    say: (text) => announce(text), sayThere: (text, address) => announceThere(text, address), config: () => config, hasKey: () => session.key !== null, isOperator: () => isOperator(),
};

const modules = new Map();

function loadModule(name) {
    if (!modules.has(name)) {
        const loaded = import(`./${name}.js`).then((script) => script.default(shared));
        modules.set(name, loaded);
        loaded.catch(() => modules.delete(name));
    }
    return modules.get(name).catch(() => {
        throw new ApiError(0, t.newVersion);
    });
}

/** @param module a file of the folder modules @param part the name of one of the components that it has */
function Lazy({ module, part, lines = 8, ...rest }) {
    const parts = useLoad(() => loadModule(module), [module]);
    return html`<${Loaded} of=${parts} lines=${lines}>${(found) => html`<${found[part]} key=${part} ...${rest} />`}<//>`;
}
