{# The four built-in generic tests. Each dispatches, so that a package can replace one for its engine. #}

{% test unique(model, column_name) %}
    {# The text around the SQL is what compiled tests have. #}
    {{ adapter.dispatch('test_unique', 'dbt')(model, column_name) }}
{% endtest %}

{% test not_null(model, column_name) %}
    {# The text around the SQL is what compiled tests have. #}
    {{ adapter.dispatch('test_not_null', 'dbt')(model, column_name) }}
{% endtest %}

{% test accepted_values(model, column_name, values, quote=True) %}
    {# The text around the SQL is what compiled tests have. #}
    {{ adapter.dispatch('test_accepted_values', 'dbt')(model, column_name, values, quote) }}
{% endtest %}

{% test relationships(model, column_name, to, field) %}
    {# The text around the SQL is what compiled tests have. #}
    {{ adapter.dispatch('test_relationships', 'dbt')(model, column_name, to, field) }}
{% endtest %}
