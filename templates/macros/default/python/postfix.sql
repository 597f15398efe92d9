{#
  The code that follows a Python model's own: it defines the object the model gets as `dbt`. Everything is resolved
  while compiling, so at run time names are looked up in plain dictionaries and no project is needed.
#}

{% macro py_script_postfix(model) %}
# ---- the model's own code ends here; what follows connects it to the project ----

def ref(*args, dbt_load_df_function, v=None, version=None):
    relations = {{ build_ref_function(model) }}
    name = ".".join(args)
    version = version or v
    if version:
        name = f"{name}.v{version}"
    return dbt_load_df_function(relations[name])


def source(*args, dbt_load_df_function):
    relations = {{ build_source_function(model) }}
    return dbt_load_df_function(relations[".".join(args)])


{{ build_config_dict(model) }}


class config:
    """`dbt.config(...)` was read while parsing; what is left to do is to look values up."""

    def __init__(self, *args, **kwargs):
        pass

    @staticmethod
    def get(key, default=None):
        return config_dict.get(key, default)

    @staticmethod
    def meta_get(key, default=None):
        return meta_dict.get(key, default)


class this:
    """The relation being built: `dbt.this`, `dbt.this.identifier` and so on."""

    database = "{{ this.database }}"
    schema = "{{ this.schema }}"
    identifier = "{{ this.identifier }}"
    {%- set this_name = resolve_model_name(this) %}

    def __repr__(self):
        return "{{ this_name }}"


class dbtObj:
    def __init__(self, load_df_function) -> None:
        self.source = lambda *args: source(*args, dbt_load_df_function=load_df_function)
        self.ref = lambda *args, **kwargs: ref(*args, dbt_load_df_function=load_df_function, **kwargs)
        self.config = config
        self.this = this()
        self.is_incremental = {{ is_incremental() }}

{{ py_script_comment() }}
{% endmacro %}


{# A point where an adapter can add to the code, for example how to run it by hand. #}
{% macro py_script_comment() %}
{%- endmacro %}


{# A relation as the inside of a Python string. #}
{% macro resolve_model_name(input_model_name) %}
  {{ return(adapter.dispatch('resolve_model_name', 'dbt')(input_model_name)) }}
{% endmacro %}

{%- macro default__resolve_model_name(input_model_name) -%}
  {{ input_model_name | string | replace('\\', '\\\\') | replace('"', '\\"') }}
{%- endmacro -%}
