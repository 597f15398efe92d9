{# A user-defined function. Its kind and language name the macro that writes it, for example `scalar_function_sql`. #}

{%- materialization function, default, supported_languages=['sql', 'python', 'javascript'] -%}
  {%- set existing_relation = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type=this.Function) -%}

  {{ run_hooks(pre_hooks) }}

  {#- The name is known only now, so the dispatch is kept out of sight of those who collect names from the text. -#}
  {%- set find_macro = adapter.dispatch -%}
  {%- set macro_name = this.get_function_macro_name(this.get_function_config(model)) -%}
  {%- set write_function = find_macro(macro_name, 'dbt') -%}
  {{ function_execute_build_sql(write_function(target_relation), existing_relation, target_relation) }}

  {{ run_hooks(post_hooks) }}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization -%}


{% macro function_execute_build_sql(build_sql, existing_relation, target_relation) %}
  {{ return(adapter.dispatch('function_execute_build_sql', 'dbt')(build_sql, existing_relation, target_relation)) }}
{% endmacro %}

{% macro default__function_execute_build_sql(build_sql, existing_relation, target_relation) %}
  {%- call statement('main') -%}
    {{ build_sql }}
  {%- endcall -%}

  {%- set revoke = should_revoke(existing_relation, full_refresh_mode=True) -%}
  {%- do apply_grants(target_relation, config.get('grants'), should_revoke=revoke) -%}
  {%- do persist_docs(target_relation, model) -%}

  {{ adapter.commit() }}
{% endmacro %}
