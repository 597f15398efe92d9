{# The dictionaries behind a Python model's `dbt.ref`, `dbt.source` and `dbt.config`, as Python code. #}

{# Keys are the arguments joined by dots, with `.v<version>` at the end of a versioned reference. #}
{% macro build_ref_function(model) %}
  {%- set relations = {} -%}
  {%- for reference in model.refs -%}
    {%- set arguments = ([reference.package] if reference.get('package') else []) + [reference.name] -%}
    {%- set version = reference.get('version') -%}
    {%- set relation = ref(*arguments, v=version) -%}
    {#- The whole relation, whatever `--empty` asks; a project's own `ref` may give text. -#}
    {%- set relation = relation if relation is string else relation.render() -%}
    {%- set key = arguments | join('.') ~ ('.v' ~ version if version is not none else '') -%}
    {%- do relations.update({key: resolve_model_name(relation)}) -%}
  {%- endfor -%}
  {{ return(python_string_dict(relations)) }}
{% endmacro %}


{% macro build_source_function(model) %}
  {%- set relations = {} -%}
  {%- for arguments in model.sources -%}
    {%- do relations.update({arguments | join('.'): resolve_model_name(source(*arguments))}) -%}
  {%- endfor -%}
  {{ return(python_string_dict(relations)) }}
{% endmacro %}


{# Values are escaped already. #}
{% macro python_string_dict(texts) -%}
  {
  {%- for key, text in texts.items() -%}
    "{{ key }}": "{{ text }}"
    {%- if not loop.last %}, {% endif -%}
  {%- endfor -%}
  }
{%- endmacro %}


{# Only what the model asks for by `dbt.config.get` and `dbt.config.meta_get`, with the defaults it names there. #}
{% macro build_config_dict(model) %}
  {%- set configured = {} -%}
  {%- for key, default in zip(model.config.config_keys_used or [], model.config.config_keys_defaults or []) -%}
    {%- do configured.update({key: model.config.get(key, default)}) -%}
  {%- endfor -%}

  {%- set meta = {} -%}
  {%- set given = model.config.get('meta') or {} -%}
  {%- for key, default in zip(model.config.meta_keys_used or [], model.config.meta_keys_defaults or []) -%}
    {%- do meta.update({key: given.get(key, default)}) -%}
  {%- endfor -%}

config_dict = {{ configured }}
meta_dict = {{ meta }}
{%- endmacro %}
