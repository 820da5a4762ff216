from sfn_airflow_core.catalogue.notation import GUIDE, RR_SYNC, RR_TOKEN, describe_by, row

__all__ = ["GUIDE", "RR_SYNC", "RR_TOKEN", "describe_by", "row"]
