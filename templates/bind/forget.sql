drop view tidegate_checked
