// The door to libxml2's HTML parser: events only, no tree, no network, nothing written to stderr.
#ifndef CXML2_SHIM_H
#define CXML2_SHIM_H

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/xmlversion.h>
#include <string.h>

/// The options of every parse: keep going over broken markup, say nothing, fetch nothing, trust the caller's encoding.
/// libxml2 defines them in an enumeration whose members Swift imports as separate constants.
static const int cxml2_options =
    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC;

/// A parser context that reports to `handler` with `user`; NULL when there is no memory. Free it with `htmlFreeParserCtxt`.
static inline htmlParserCtxtPtr cxml2_new(const xmlSAXHandler *handler, void *user) {
    htmlParserCtxtPtr context = htmlNewParserCtxt();
    if (context == NULL || context->sax == NULL) {
        htmlFreeParserCtxt(context);
        return NULL;
    }
    memcpy(context->sax, handler, sizeof(xmlSAXHandler));
    context->userData = user;
    return context;
}

#endif
