{# The arguments of a function, with their default values. #}

{% macro postgres__formatted_scalar_function_args_sql() %}
  {%- set arguments = [] -%}
  {%- for argument in model.arguments -%}
    {%- set default = ' DEFAULT ' ~ argument.default_value if argument.get('default_value') is not none else '' -%}
    {%- do arguments.append(argument.name ~ ' ' ~ argument.data_type ~ default) -%}
  {%- endfor -%}
  {{ arguments | join(', ') }}
{% endmacro %}
