document.querySelector('form[data-submit="now"]').submit();
