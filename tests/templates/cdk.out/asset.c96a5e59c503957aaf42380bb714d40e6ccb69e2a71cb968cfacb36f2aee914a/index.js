"use strict";exports.handler=async function(event){return{PhysicalResourceId:event.PhysicalResourceId}};
