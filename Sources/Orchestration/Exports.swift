// Arguments and results are JSON values, so whoever writes an orchestrator needs them without a second import.
@_exported public import JSON
