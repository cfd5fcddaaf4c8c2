"""Door 3, HTTP: moto's services with destmock in front, on the very simulation of this process.

`serving` is what users start; `listener` speaks HTTP; `guards` refuses who mustn't ask; `gateway` answers,
with `lambda_api` for Lambda's requests; `polls` has long polls wait; `pace` lets real time pass; `happenings`
tells what happens as it does. Needs the extra `server`.
"""
