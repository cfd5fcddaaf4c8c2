"""The other AWS services: what each tells functions, how it takes a record, what is changed in moto's."""
